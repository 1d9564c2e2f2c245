import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { LockOptionsError } from '../../errors/lock-options.error.js';
import type { ClusterConnection, RedisConnection } from './connection.js';

/** A Redis client of either topology. */
export type Client = Redis | Cluster;

/** What a connection needs of a client: its own clients, made alike, and the prefix that the caller's client would have added. */
export interface ClientFactory {
  readonly clustered: boolean;
  /** Prefix of the client the caller owns. */
  readonly keyPrefix: string;
  /** Where it connects to, without credentials. */
  readonly description: string;
  create(commandTimeout: number | undefined): Client;
}

const RECONNECT_MS = { first: 50, most: 500 };
const SCHEMES = new Set(['redis:', 'rediss:']);

/** Decides what kind of connection was given. It connects nothing yet. @throws LockOptionsError */
export function clientFactory(connection: RedisConnection): ClientFactory {
  if (typeof connection === 'string') return standalone(readUrl(connection), describeUrl(connection));
  // Whatever an untyped caller passes is told apart below.
  const given: unknown = connection;
  if (typeof given !== 'object' || given === null) throw wrong(given);
  if (isClient(connection)) return owned(connection);
  if ('cluster' in connection) return cluster(connection);
  if ('quorum' in connection) {
    throw new LockOptionsError(
      'connection: a quorum of independent primaries is not supported in this version. Give one Redis, Sentinel or Cluster.',
    );
  }
  const options = connection;
  return standalone(options, describeOptions(options));
}

function standalone(options: RedisOptions | { url: string }, description: string): ClientFactory {
  const base: RedisOptions = 'url' in options ? {} : options;
  return {
    clustered: false,
    keyPrefix: base.keyPrefix ?? '',
    description,
    create: (commandTimeout) => {
      const settings = { ...base, ...ours(commandTimeout) };
      return 'url' in options ? new Redis(options.url, settings) : new Redis(settings);
    },
  };
}

function cluster(connection: ClusterConnection): ClientFactory {
  const { cluster: nodes, ...options } = connection;
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new LockOptionsError("connection.cluster: give at least one node, for instance [{ host: 'localhost', port: 7000 }].");
  }
  return {
    clustered: true,
    keyPrefix: options.keyPrefix ?? options.redisOptions?.keyPrefix ?? '',
    description: `cluster ${nodes.map((node) => (typeof node === 'object' ? `${node.host ?? 'localhost'}:${String(node.port ?? 6379)}` : hidePassword(String(node)))).join(', ')}`,
    create: (commandTimeout) => new Cluster(nodes, clusterSettings(options, commandTimeout)),
  };
}

function owned(client: Client): ClientFactory {
  const options = client.options;
  if (isCluster(client)) {
    const keyPrefix = client.options.keyPrefix ?? '';
    return {
      clustered: true,
      keyPrefix,
      description: 'cluster of a client of yours',
      create: (commandTimeout) => client.duplicate([], clusterSettings(client.options, commandTimeout)),
    };
  }
  return {
    clustered: false,
    keyPrefix: options.keyPrefix ?? '',
    description: `${describeOptions(client.options)} (a client of yours)`,
    create: (commandTimeout) => client.duplicate(ours(commandTimeout)),
  };
}

/** No command of ours is ever queued or sent twice behind our back: an abandoned attempt must not take a lock later. */
function ours(commandTimeout: number | undefined): RedisOptions {
  return {
    keyPrefix: '',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // ioredis leaves a failure of it to nobody, which ends the process, and then never subscribes again.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    enableReadyCheck: true,
    stringNumbers: false,
    retryStrategy: (times) => Math.min(RECONNECT_MS.first * times, RECONNECT_MS.most),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(commandTimeout === undefined ? {} : { commandTimeout }),
  };
}

function clusterSettings(options: ClusterOptions, commandTimeout: number | undefined): ClusterOptions {
  // Cluster nodes reconnect by the cluster's own strategy.
  const { retryStrategy: _, lazyConnect: __, ...node } = ours(commandTimeout);
  return {
    ...options,
    keyPrefix: '',
    lazyConnect: true,
    enableOfflineQueue: false,
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (times) => Math.min(RECONNECT_MS.first * times, RECONNECT_MS.most),
    redisOptions: { ...options.redisOptions, ...node },
  };
}

function readUrl(text: string): { url: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !SCHEMES.has(url.protocol)) throw wrong(hidePassword(text));
  return { url: text };
}

function describeUrl(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host === '' ? 'localhost' : url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

function describeOptions(options: RedisOptions): string {
  if (options.sentinels) return `sentinel ${options.name ?? '(no name)'}`;
  return options.path ?? `redis://${options.host ?? 'localhost'}:${String(options.port ?? 6379)}`;
}

function hidePassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@');
}

function wrong(value: unknown): LockOptionsError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new LockOptionsError(
    `connection: ${shown} is no connection. Write 'redis://localhost:6379', ioredis options ({ host, port }), { cluster: [...] }, an ioredis client, or 'memory'.`,
  );
}

/** By shape, not by `instanceof`: a consumer may have another copy of ioredis. */
function isClient(value: object): value is Client {
  return 'duplicate' in value && typeof value.duplicate === 'function' && 'options' in value;
}

/** Whether the client's class and our `Command` come from the same copy of ioredis. */
export function isOfThisCopy(client: Client): boolean {
  return client instanceof Redis || client instanceof Cluster;
}

/** Tells the topology of a client. */
export function isCluster(client: Client): client is Cluster {
  return 'isCluster' in client && client.isCluster;
}
