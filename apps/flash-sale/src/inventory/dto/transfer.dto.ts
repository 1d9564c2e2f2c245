import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MAX_ID } from '../../products/dto/product-id.dto.js';
import type { Transferred } from '../transfer.service.js';
import { DiffersFrom } from './differs-from.decorator.js';

export class TransferRequestDto {
  @ApiProperty({ type: 'integer', description: 'Where the pieces are taken from.', example: 1, minimum: 1, maximum: MAX_ID })
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly fromProductId!: number;

  @ApiProperty({ type: 'integer', description: 'Where they go: another product.', example: 2, minimum: 1, maximum: MAX_ID })
  @DiffersFrom('fromProductId')
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly toProductId!: number;

  @ApiProperty({ type: 'integer', description: 'How many pieces.', example: 2, minimum: 1, maximum: 1000 })
  @Max(1000)
  @Min(1)
  @IsInt()
  readonly quantity!: number;
}

export class TransferDto {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly fromProductId: number;

  @ApiProperty({ type: 'integer', example: 2 })
  readonly toProductId: number;

  @ApiProperty({ type: 'integer', example: 2 })
  readonly quantity: number;

  @ApiProperty({ type: 'integer', description: 'What is left where they were taken from.', example: 98 })
  readonly fromStock: number;

  @ApiProperty({ type: 'integer', description: 'What is there now where they went.', example: 12 })
  readonly toStock: number;

  constructor(request: TransferRequestDto, left: Transferred) {
    this.fromProductId = request.fromProductId;
    this.toProductId = request.toProductId;
    this.quantity = request.quantity;
    this.fromStock = left.fromStock;
    this.toStock = left.toStock;
  }
}
