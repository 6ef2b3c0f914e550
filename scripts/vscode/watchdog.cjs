/**
 * Stands in for @vscode/native-watchdog, a native module: ends an extension host whose server is gone. VS Code has taken
 * `process.exit` away by then.
 */
const SECOND = 1000;
/** The extension host notices it as well, and gets that long to end by itself. */
const GRACE = 5;

const end = () => process.kill(process.pid, 'SIGKILL');

/** @param {number} pid the server's */
exports.start = (pid) => {
  let missed = 0;
  setInterval(() => {
    try {
      process.kill(pid, 0);
      missed = 0;
    } catch {
      missed += 1;
    }
    if (missed > GRACE) end();
  }, SECOND).unref();
};

exports.exit = end;
