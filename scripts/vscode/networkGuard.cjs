/**
 * Loaded before anything else into the processes of a VS Code server under test: an extension host, and what it starts,
 * that wants to reach anything but this machine is refused, and what it wanted is written to VSP_LAB_NETWORK_LOG.
 */
const dgram = require('node:dgram');
const { appendFileSync } = require('node:fs');
const net = require('node:net');

const log = process.env['VSP_LAB_NETWORK_LOG'];
const local = new Set(['127.0.0.1', '::1', 'localhost']);

/** @param {string} target @returns {never} */
function refuse(target) {
  appendFileSync(log ?? '', `${target}\n`);
  throw new Error(`a test allows no connection to ${target}`);
}

/**
 * The host that `connect` is asked for, in each of its forms; undefined for a socket of this machine.
 * @param {unknown[]} parameters
 * @returns {unknown}
 */
function hostOf(parameters) {
  const [first, second] = Array.isArray(parameters[0]) ? parameters[0] : parameters;
  if (typeof first === 'number') return typeof second === 'string' ? second : undefined;
  if (typeof first === 'object' && first !== null && !('path' in first && first.path)) {
    return 'host' in first ? first.host : undefined;
  }
  return undefined;
}

if (log && (process.env['VSP_LAB_GUARDED'] || process.argv.some((argument) => argument.includes('extensionHost')))) {
  process.env['VSP_LAB_GUARDED'] = '1';
  appendFileSync(`${log}.guarded`, `${process.pid}\n`);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = new Proxy(connect, {
    apply(target, socket, parameters) {
      const host = hostOf(parameters);
      if (typeof host === 'string' && host !== '' && !local.has(host)) refuse(host);
      return Reflect.apply(target, socket, parameters);
    },
  });
  dgram.Socket.prototype.send = () => refuse('a datagram');
}
