export default async function tearDown() {
  const { sharedRedisServer } = /** @type {{ sharedRedisServer?: import('./global-setup.mjs').SharedServer }} */ (
    /** @type {unknown} */ (globalThis)
  );
  await sharedRedisServer?.stop();
}
