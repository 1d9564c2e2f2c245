// Arrows point one way: decorators and idempotency -> lock -> store -> lua.
// Only the files at the root of src (the module and its options) may wire everything, and nothing imports index.ts.
const SRC = 'libs/redis-lock/src';

/** What a folder may import, as folders of src; `root` stands for single files at the root. */
function mayImport(from, ...allowed) {
  return {
    name: `${from.replace(/[^a-z]+/g, '-')}-arrows`,
    severity: 'error',
    from: { path: `^${SRC}/${from}` },
    to: { path: `^${SRC}/`, pathNot: [from, ...allowed].map((folder) => `^${SRC}/${folder}`) },
  };
}

const LEAVES = ['errors/', 'duration\\.ts$', 'runtime/'];
const LOCK = ['lock/', 'redis-lock\\.(options|tokens)\\.ts$'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    mayImport('errors/'),
    mayImport('duration\\.ts$', 'errors/'),
    mayImport('runtime/', 'errors/'),
    mayImport('lua/'),
    mayImport('store/sharing\\.ts$'),
    mayImport('store/lock-store\\.interface\\.ts$', ...LEAVES, 'store/sharing\\.ts$'),
    mayImport('store/record-store\\.interface\\.ts$', ...LEAVES),
    mayImport('store/redis/', ...LEAVES, 'lua/', 'store/[^/]+$'),
    mayImport('store/memory/', ...LEAVES, 'store/[^/]+$'),
    mayImport('store/quorum/', ...LEAVES, 'lua/', 'store/[^/]+$', 'store/redis/'),
    mayImport('lock/', ...LEAVES, 'store/lock-store\\.interface\\.ts$', 'store/sharing\\.ts$'),
    mayImport('decorators/', ...LEAVES, ...LOCK),
    mayImport('idempotency/', ...LEAVES, ...LOCK, 'decorators/', 'store/', 'lua/'),
    // It wires another store, so it stands beside the files at the root.
    mayImport(
      'testing/',
      ...LEAVES,
      'lock/',
      'store/[^/]+$',
      'store/memory/',
      'idempotency/idempotency-engine\\.ts$',
      'idempotency\\.providers\\.ts$',
      'redis-lock\\.(options|providers|settings|tokens)\\.ts$',
    ),
    // What needs an optional peer is an entry of its own.
    mayImport('swagger/', 'idempotency/idempotency-problem\\.ts$'),
    {
      name: 'swagger-only-there',
      severity: 'error',
      from: { path: `^${SRC}/`, pathNot: `^${SRC}/swagger/` },
      to: { path: ['node_modules/@nestjs/swagger/', `^${SRC}/swagger/`] },
    },
    {
      name: 'tests-only',
      comment: 'testing/ is an entry of its own: an application that does not test must not load it.',
      severity: 'error',
      from: { path: `^${SRC}/`, pathNot: `^${SRC}/testing/` },
      to: { path: `^${SRC}/testing/` },
    },
    {
      name: 'index-is-the-way-in',
      comment: 'index.ts is for users: inside, import the file that has it.',
      severity: 'error',
      from: { path: `^${SRC}/` },
      to: { path: `^${SRC}/index\\.ts$` },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'stays-inside',
      comment: 'The published package has only src and its peers.',
      severity: 'error',
      from: { path: `^${SRC}/` },
      to: { path: '^(apps|test|tools|bench|libs/redis-lock/scripts)/' },
    },
    {
      name: 'peers-only',
      comment: 'A package that libs/redis-lock/package.json does not name is not there when a user installs it.',
      severity: 'error',
      from: { path: `^${SRC}/` },
      to: { path: 'node_modules/', pathNot: 'node_modules/(@nestjs/(common|core|swagger)|ioredis|reflect-metadata|rxjs|@types/node)/' },
    },
    {
      name: 'resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Types count: an arrow that only types follow is still a concept that knows another.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
