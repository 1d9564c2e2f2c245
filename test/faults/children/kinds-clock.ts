// An instance with a scheduled job, whose clock is ahead or behind of everybody else's by some seconds.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { Locked, RedisLockModule } from 'nestjs-redis-lock';
import { micros } from '../support/kinds-journal.js';
import { answerWith, readOptions } from './answer.js';

export interface ClockOptions {
  readonly connection: string;
  /** How far this instance's clock is off, in ms; below zero it is behind. */
  readonly skewMs: number;
  /** Every process appends a line to it for each run of the job. */
  readonly journal: string;
  readonly cron: string;
  /** How long the lock is kept at least; none where it is only held while the job runs. */
  readonly holdAtLeast?: number;
}

/** One time that the job was due here. */
export interface Tick {
  /** On the clock that all processes of this machine share, in µs. */
  readonly at: number;
  /** What this instance took for the time, as a whole second: the schedule's tick. */
  readonly second: number;
  readonly ran: boolean;
}

const { connection, skewMs, journal, cron, holdAtLeast } = readOptions() as ClockOptions; // the spec that starts this program passes them
const RealDate = Date;
// The scheduler, this process's log, all of it goes by this clock.
globalThis.Date = class extends RealDate {
  constructor(...args: [] | [value: number | string | Date]) {
    super(...((args.length === 0 ? [RealDate.now() + skewMs] : args) as [number]));
  }

  static override now(): number {
    return RealDate.now() + skewMs;
  }
} as DateConstructor; // called without new it would be a string; nobody here does
const ticks: Tick[] = [];

@Injectable()
class Statistics {
  @Cron(cron)
  async onTick(): Promise<void> {
    const at = micros();
    const second = Math.round(Date.now() / 1_000);
    ticks.push({ at, second, ran: (await this.collect(second)) === 'done' });
  }

  @Locked('stats', { ttl: '5s', wait: 0, onBusy: 'skip', ...(holdAtLeast === undefined ? {} : { holdAtLeast }) })
  async collect(second: number): Promise<'done' | undefined> {
    appendFileSync(journal, `${String(second)}\n`);
    return 'done';
  }
}

@Module({ imports: [ScheduleModule.forRoot(), RedisLockModule.forRoot({ connection })], providers: [Statistics] })
class Instance {}

const app = await NestFactory.createApplicationContext(Instance, { logger: ['warn', 'error'], abortOnError: false });
answerWith({ ticks: () => ticks, close: () => app.close() });
