import { Module } from '@nestjs/common';

/** Made by `TestingLockServer.module()`, which says what is in it. */
@Module({})
export class TestingLockModule {}
