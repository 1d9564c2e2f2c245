import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { OrderDto } from '../../orders/dto/order.dto.js';
import { MAX_ID } from '../../products/dto/product-id.dto.js';
import type { PlacedOrder } from '../checkout.service.js';

export class CheckoutRequestDto {
  @ApiProperty({ type: 'integer', example: 1, minimum: 1, maximum: MAX_ID })
  @Max(MAX_ID)
  @Min(1)
  @IsInt()
  readonly productId!: number;

  @ApiProperty({ type: 'integer', description: 'How many pieces.', example: 2, minimum: 1, maximum: 1000 })
  @Max(1000)
  @Min(1)
  @IsInt()
  readonly quantity!: number;

  @ApiProperty({ description: "Any text; 'declined' is a card that no bank covers.", example: 'visa', minLength: 1, maxLength: 100 })
  @Length(1, 100)
  @IsString()
  readonly card!: string;
}

export class CheckoutDto extends OrderDto {
  @ApiProperty({ type: 'integer', description: 'What was charged, in cents.', example: 143_820 })
  readonly cents: number;

  @ApiProperty({ type: 'integer', description: 'Under which every step was done.', example: 1_767_225_600_000_000 })
  readonly fence: number;

  constructor({ order, payment }: PlacedOrder) {
    super(order);
    this.cents = payment.cents;
    this.fence = payment.fence;
  }
}
