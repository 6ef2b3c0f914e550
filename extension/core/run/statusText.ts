/** Statuses in words, for every view of a report. */
export { statusText, succeeded } from '../kmcl/status.js';
export { statusName } from '../kmcl/statusNames.js';
