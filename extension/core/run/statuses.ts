/** NTSTATUS for those who read reports: the simulator's tables, within reach of the page. */
export { STATUS, statusText, succeeded } from '../kmcl/status.js';
export { statusName } from '../kmcl/statusNames.js';
