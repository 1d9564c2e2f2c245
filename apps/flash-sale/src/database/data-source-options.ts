import libsql from 'libsql';
import type { DataSourceOptions } from 'typeorm';
import type { Environment } from '../config/environment.js';
import { CreateShop1767225600000 } from './migrations/1767225600000-create-shop.migration.js';
import { StockFirstProduct1767225600001 } from './migrations/1767225600001-stock-first-product.migration.js';
import { OrderPiecesOnce1767225600002 } from './migrations/1767225600002-order-pieces-once.migration.js';
import { CreatePriceParts1767225600003 } from './migrations/1767225600003-create-price-parts.migration.js';
import { CreateReportExports1767225600004 } from './migrations/1767225600004-create-report-exports.migration.js';
import { CreateCheckout1767225600005 } from './migrations/1767225600005-create-checkout.migration.js';
import { useWriteAheadLog } from './sqlite/write-ahead-log.js';

const MIGRATIONS = [
  CreateShop1767225600000,
  StockFirstProduct1767225600001,
  OrderPiecesOnce1767225600002,
  CreatePriceParts1767225600003,
  CreateReportExports1767225600004,
  CreateCheckout1767225600005,
];

/** How long a statement waits while another process writes, in ms. The driver blocks this process meanwhile, so less than any lock's lease. */
const BUSY_TIMEOUT_MS = 2_500;
const CONNECT_TIMEOUT_MS = 5_000;

/** PostgreSQL where DATABASE_URL says so, else SQLite; the entities and the migrations are the same. */
export function dataSourceOptions({ DATABASE_URL, DATABASE_FILE }: Pick<Environment, 'DATABASE_URL' | 'DATABASE_FILE'>): DataSourceOptions {
  if (DATABASE_URL !== null) {
    return {
      type: 'postgres',
      url: DATABASE_URL,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      applicationName: 'flash-sale',
      migrations: MIGRATIONS,
    };
  }
  return {
    type: 'better-sqlite3',
    // Speaks the interface of better-sqlite3, and brings its binary inside the npm package.
    driver: libsql,
    database: DATABASE_FILE,
    timeout: BUSY_TIMEOUT_MS,
    prepareDatabase: useWriteAheadLog,
    migrations: MIGRATIONS,
  };
}
