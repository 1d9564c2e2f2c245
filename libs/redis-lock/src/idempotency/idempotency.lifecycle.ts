import type { OnApplicationShutdown, OnModuleInit, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { IdempotencyParts } from './idempotency.tokens.js';
import { BootCheck } from './routes/boot-check.js';

/** Checks the application's routes before it starts, connects where one of them needs it, and ends with the application. */
export class IdempotencyLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly parts: IdempotencyParts,
    private readonly modules: ModulesContainer,
  ) {}

  async onModuleInit(): Promise<void> {
    const { engine, plans, log } = this.parts;
    const controllers = [...this.modules.values()].flatMap((module) => [...module.controllers.values()].map(({ metatype }) => metatype));
    // What stands under `controllers` are classes.
    const used = new BootCheck(plans, log).check(controllers.filter((controller) => typeof controller === 'function') as Type[]);
    if (used) await engine.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.parts.engine.close();
  }
}
