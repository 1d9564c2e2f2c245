import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

/** How a decrement keeps others out. */
export const STRATEGIES = ['none', 'locked', 'retry', 'fenced'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export class DecrementQueryDto {
  @ApiPropertyOptional({
    enum: STRATEGIES,
    default: 'locked',
    description:
      'none: without a lock, so updates get lost. locked: waits in line for the lock. ' +
      'retry: asks four times, each time waiting longer. fenced: as locked, and the database refuses whoever lost the lock meanwhile.',
  })
  @IsIn(STRATEGIES)
  readonly strategy: Strategy = 'locked';
}

export class DecrementDto {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ enum: STRATEGIES, example: 'locked' })
  readonly strategy: Strategy;

  @ApiProperty({ type: 'integer', description: 'What was left when this piece had been taken.', example: 99 })
  readonly stock: number;

  constructor(productId: number, strategy: Strategy, stock: number) {
    this.productId = productId;
    this.strategy = strategy;
    this.stock = stock;
  }
}
