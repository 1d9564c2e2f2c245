import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

/** Nodes of a Redis Cluster, with ioredis' cluster options beside them. */
export interface ClusterConnection extends ClusterOptions {
  cluster: ClusterNode[];
}

/**
 * Where the locks live: a URL, ioredis options (with `sentinels` and `name` for Sentinel), `{ cluster: [...] }`,
 * or an ioredis client that the caller owns (it is duplicated, never closed).
 */
export type RedisConnection = string | RedisOptions | ClusterConnection | Redis | Cluster;
