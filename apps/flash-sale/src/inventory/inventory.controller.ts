import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, LOCK_PROBLEMS } from '../problems/api-problems.decorator.js';
import { ProductIdDto } from '../products/dto/product-id.dto.js';
import { DecrementDto, DecrementQueryDto, type Strategy } from './dto/decrement.dto.js';
import { TransferDto, TransferRequestDto } from './dto/transfer.dto.js';
import { InventoryService } from './inventory.service.js';
import { TransferService } from './transfer.service.js';

@ApiTags('inventory')
@Controller('inventory')
export class InventoryController {
  private readonly ways: Record<Strategy, (productId: number) => Promise<number>>;

  constructor(
    inventory: InventoryService,
    private readonly transfers: TransferService,
  ) {
    this.ways = {
      none: (productId) => inventory.decrementWithoutLock(productId),
      locked: (productId) => inventory.decrementLocked(productId),
      retry: (productId) => inventory.decrementWithRetry(productId),
      fenced: (productId) => inventory.decrementFenced(productId),
    };
  }

  @Post(':productId/decrement')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Take one piece of a product from the stock' })
  @ApiOkResponse({ type: DecrementDto })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
    [HttpStatus.CONFLICT]: {
      SOLD_OUT: 'Product 1 is sold out.',
      LOCK_BUSY: 'Somebody else is working on the same thing. Try again later.',
      STALE_FENCE: 'Product 1 has been claimed with a higher fence. Please try again.',
    },
  })
  async decrement(@Param() { productId }: ProductIdDto, @Query() { strategy }: DecrementQueryDto): Promise<DecrementDto> {
    return new DecrementDto(productId, strategy, await this.ways[strategy](productId));
  }

  @Post('transfer')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Move pieces from one product to another', description: 'Holds the locks of both.' })
  @ApiOkResponse({ type: TransferDto })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
    [HttpStatus.CONFLICT]: {
      NOT_ENOUGH_STOCK: 'There are fewer than 5 pieces of product 1.',
      LOCK_BUSY: 'Somebody else is working on the same thing. Try again later.',
      STALE_FENCE: 'Product 1 has been claimed with a higher fence. Please try again.',
    },
  })
  async transfer(@Body() request: TransferRequestDto): Promise<TransferDto> {
    const { fromProductId, toProductId, quantity } = request;
    return new TransferDto(request, await this.transfers.transfer(fromProductId, toProductId, quantity));
  }
}
