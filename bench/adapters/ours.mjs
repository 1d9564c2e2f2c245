// @ts-check

/** @param {string} id @param {number} [cohort] @returns {import('../bench.types.js').Adapter} */
export function ours(id, cohort) {
  return {
    id,
    family: cohort === undefined ? 'ours' : 'cohort 0',
    options: cohort === undefined ? 'defaults (`cohort` 32, `wait` 5 s)' : `\`cohort: ${cohort}\`, otherwise defaults`,
    renews: true,
    open: async ({ url, ttl, wait }) => {
      await import('reflect-metadata');
      const [{ Module }, { NestFactory }] = [await import('@nestjs/common'), await import('@nestjs/core')];
      const { LockService, RedisLockModule } = await import('nestjs-redis-lock');
      class BenchModule {}
      const options = { ...(cohort === undefined ? {} : { cohort }), ...(wait === undefined ? {} : { wait }) };
      Module({ imports: [RedisLockModule.forRoot({ connection: url, ttl, ...options })] })(BenchModule);
      const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
      const locks = app.get(LockService);
      return {
        withLock: (key, section) => locks.withLock(key, section),
        hold: async (key) => {
          const lock = await locks.acquire(key);
          return { release: () => lock.release(), readSignal: () => void lock.signal };
        },
        close: () => app.close(),
      };
    },
  };
}
