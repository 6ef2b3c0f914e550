/** Stands in for @vscode/native-watchdog, a native module: the scripts that start a VS Code server end it themselves. */
exports.start = () => {};
/** @param {number} status */
exports.exit = (status) => process.exit(status);
