import { ConsoleLogger, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { serveApiDocs } from './api-docs.js';
import { AppModule } from './app.module.js';
import type { Environment } from './config/environment.js';

/** Starts the application and returns its URL. It ends with the process, on SIGINT or SIGTERM. */
export async function startServer(): Promise<string> {
  const app = await NestFactory.create<NestExpressApplication>(await AppModule.forRoot(), {
    // Until the configuration says how to log. What keeps the application from starting is then told once, by main.ts.
    bufferLogs: true,
    autoFlushLogs: false,
    abortOnError: false,
  });
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  app.useLogger(new ConsoleLogger({ json: config.get('LOG_FORMAT', { infer: true }) === 'json' }));
  app.flushLogs();
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  serveApiDocs(app);
  await app.listen(config.get('PORT', { infer: true }), config.get('HOST', { infer: true }));

  const url = await app.getUrl();
  const logger = new Logger('FlashSale');
  logger.log(`Listening on ${url}, its API described at ${url}/docs`);
  logger.log(`Locks ${storeOf(config)}`);
  logger.log(`Try: curl -X POST '${url}/inventory/1/decrement?strategy=locked'`);
  return url;
}

function storeOf(config: ConfigService<Environment, true>): string {
  const url = config.get('REDIS_URL', { infer: true });
  if (url === null) return 'in memory: one process only; set REDIS_URL to share locks';
  const { protocol, host, pathname } = new URL(url);
  return `on Redis at ${protocol}//${host}${pathname}`;
}
