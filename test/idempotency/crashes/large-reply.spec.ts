import { Controller, Post, type Type } from '@nestjs/common';
import { createHash, randomBytes } from 'node:crypto';
import { Idempotent, type IdempotencyProblem } from 'nestjs-redis-lock';
import { FRAMEWORKS, HttpStage } from '../support/http-stage.js';

const FIVE_MIB = 5 * 1024 * 1024;
const stages: HttpStage[] = [];

afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

it.each(FRAMEWORKS)('%s: a reply of 5 MiB passes untouched, and its retry is told that it cannot be had again', async (framework) => {
  const content = randomBytes(FIVE_MIB / 2).toString('hex');
  let starts = 0;
  const stage = await HttpStage.open({
    framework,
    controllers: [reportController(() => (starts++, content))],
    idempotency: { scope: 'global' },
  });
  stages.push(stage);
  const first = await stage.send('/reports', { key: 'large' });
  const bytes = Buffer.from(await first.arrayBuffer());
  expect(first.status).toBe(201);
  expect(bytes).toHaveLength(FIVE_MIB);
  expect(digest(bytes)).toBe(digest(Buffer.from(content)));

  const again = await stage.send('/reports', { key: 'large' });
  const problem = (await again.json()) as IdempotencyProblem; // a refusal's body
  expect([again.status, problem.code]).toEqual([409, 'IDEMPOTENCY_NOT_REPLAYABLE']);
  expect(starts).toBe(1);
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function reportController(make: () => string): Type {
  @Controller('reports')
  class ReportController {
    @Post()
    @Idempotent()
    create(): string {
      return make();
    }
  }
  return ReportController;
}
