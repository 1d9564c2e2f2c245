import { Cluster, Redis, type ClusterNode, type ClusterOptions, type RedisOptions } from 'ioredis';
import { LockOptionsError } from '../../errors/lock-options.error.js';
import { describeUrl, hidePassword, readUrl, wrongConnection } from './connection-url.js';
import type { ClusterConnection, RedisConnection } from './connection.js';

/** A Redis client of either topology. */
export type Client = Redis | Cluster;

/** What a connection needs of a client: its own clients, made alike, and the prefix that the caller's client would have added. */
export interface ClientFactory {
  readonly clustered: boolean;
  /** Prefix that the connection names: our own clients have none. */
  readonly keyPrefix: string;
  /** Where it connects to, without credentials. */
  readonly description: string;
  create(commandTimeout: number): Client;
}

const RECONNECT_MS = { first: 50, most: 500 };
/** A connection that is given up gets this long to close in order. ioredis' own 2 s keep a process alive, and put off the next connection. */
const DISCONNECT_MS = 100;

/** Decides what kind of connection was given. It connects nothing yet. @throws LockOptionsError */
export function clientFactory(connection: RedisConnection): ClientFactory {
  if (typeof connection === 'string') return standalone(readUrl(connection), describeUrl(connection));
  // Whatever an untyped caller passes is told apart below.
  const given: unknown = connection;
  if (typeof given !== 'object' || given === null) throw wrongConnection(given);
  if (isClient(connection)) return owned(connection);
  if ('cluster' in connection) return cluster(connection);
  if ('quorum' in connection) {
    throw new LockOptionsError(
      'connection: a quorum of independent primaries is not supported in this version. Give one Redis, Sentinel or Cluster.',
    );
  }
  const options = connection;
  checkSentinel(options);
  return standalone(options, describeOptions(options));
}

function standalone(options: RedisOptions, description: string): ClientFactory {
  return {
    clustered: false,
    keyPrefix: options.keyPrefix ?? '',
    description,
    create: (commandTimeout) => new Redis({ ...options, ...ours(commandTimeout) }),
  };
}

function cluster(connection: ClusterConnection): ClientFactory {
  const { cluster: nodes, ...options } = connection;
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new LockOptionsError("connection.cluster: give at least one node, for instance [{ host: 'localhost', port: 7000 }].");
  }
  const read = nodes.map(readNode);
  // The nodes that a Cluster names itself speak as those do that lead to it.
  const tls = read.find((node) => node.tls !== undefined)?.tls;
  if (tls !== undefined) options.redisOptions = { tls, ...options.redisOptions };
  return {
    clustered: true,
    keyPrefix: options.keyPrefix ?? options.redisOptions?.keyPrefix ?? commonPrefix(read),
    description: `cluster ${nodes.map((node) => (typeof node === 'object' ? `${node.host ?? 'localhost'}:${String(node.port ?? 6379)}` : hidePassword(String(node)))).join(', ')}`,
    create: (commandTimeout) => {
      // What stands at a node would win over what stands in redisOptions.
      const startNodes = read.map((node) => ({ ...node, ...nodeSettings(commandTimeout), lazyConnect: true }));
      return new Cluster(startNodes, clusterSettings(options, commandTimeout));
    },
  };
}

function readNode(node: ClusterNode): RedisOptions {
  if (typeof node === 'object') return node;
  if (/^\d+$/.test(String(node))) return { port: Number(node) };
  const text = String(node);
  return readUrl(/^[a-z]+:\/\//i.test(text) ? text : `redis://${text}`);
}

/** All nodes serve the same locks, so they cannot differ in that. */
function commonPrefix(nodes: readonly RedisOptions[]): string {
  const [prefix = '', ...others] = new Set(nodes.map((node) => node.keyPrefix ?? ''));
  if (others.length === 0) return prefix;
  throw new LockOptionsError('connection.cluster: the URLs of the nodes name different keyPrefixes. Write one, beside `cluster`.');
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
function ours(commandTimeout: number): RedisOptions {
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
    // Redis 6.2 says it within its own error of the script.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    disconnectTimeout: DISCONNECT_MS,
    commandTimeout,
  };
}

/** The same for a node of a Cluster, which reconnects by the Cluster's own strategy. */
function nodeSettings(commandTimeout: number): Omit<RedisOptions, 'retryStrategy' | 'lazyConnect'> {
  const { retryStrategy: _, lazyConnect: __, ...settings } = ours(commandTimeout);
  return settings;
}

function clusterSettings(options: ClusterOptions, commandTimeout: number): ClusterOptions {
  return {
    ...options,
    keyPrefix: '',
    lazyConnect: true,
    enableOfflineQueue: false,
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (times) => Math.min(RECONNECT_MS.first * times, RECONNECT_MS.most),
    redisOptions: { ...options.redisOptions, ...nodeSettings(commandTimeout) },
  };
}

function checkSentinel({ sentinels, name }: RedisOptions): void {
  if (sentinels == null) return;
  if (sentinels.length === 0)
    throw new LockOptionsError("connection.sentinels: give at least one, for instance [{ host: 'localhost', port: 26379 }].");
  if (name === undefined || name === '') {
    throw new LockOptionsError(
      "connection.name: beside `sentinels`, write the name that they have for the primary, for instance 'mymaster'.",
    );
  }
}

function describeOptions(options: RedisOptions): string {
  if (options.sentinels) return `sentinel ${options.name ?? '(no name)'}`;
  return options.path ?? `redis://${options.host ?? 'localhost'}:${String(options.port ?? 6379)}`;
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
