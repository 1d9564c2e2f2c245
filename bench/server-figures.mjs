// @ts-check

/** CPU time the server has used, system and user. @param {import('ioredis').Redis} client */
export async function cpuSeconds(client) {
  const info = await client.info('cpu');
  return field(info, 'used_cpu_sys') + field(info, 'used_cpu_user');
}

/** How often a command was called from outside of scripts and inside. @param {import('ioredis').Redis} client @param {string} command */
export async function commandCalls(client, command) {
  const info = await client.info('commandstats');
  const line = info.split('\r\n').find((text) => text.startsWith(`cmdstat_${command}:`));
  return Number(/calls=(\d+)/.exec(line ?? '')?.[1] ?? 0);
}

/** @param {string} info @param {string} name */
function field(info, name) {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
}
