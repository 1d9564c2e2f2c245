import { Body, Controller, Get, HttpStatus, Param, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, LOCK_PROBLEMS } from '../problems/api-problems.decorator.js';
import { ProductIdDto } from '../products/dto/product-id.dto.js';
import { CatalogService, type Price } from './catalog.service.js';
import { PriceDto, PriceQueryDto, SetPriceDto, type ReadStrategy } from './dto/price.dto.js';

const BUSY = { LOCK_BUSY: 'Somebody else is working on the same thing. Try again later.' };

@ApiTags('catalog')
@Controller('catalog')
export class CatalogController {
  private readonly ways: Record<ReadStrategy, (productId: number) => Promise<Price>>;

  constructor(private readonly catalog: CatalogService) {
    this.ways = {
      none: (productId) => catalog.priceWithoutLock(productId),
      locked: (productId) => catalog.priceOf(productId),
    };
  }

  @Get(':productId/price')
  @ApiOperation({ summary: 'See what a product costs', description: 'Never half of one price and half of another.' })
  @ApiOkResponse({ type: PriceDto })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.', PRICE_NOT_SET: 'Product 1 has no price yet.' },
    [HttpStatus.CONFLICT]: BUSY,
  })
  async get(@Param() { productId }: ProductIdDto, @Query() { strategy }: PriceQueryDto): Promise<PriceDto> {
    return new PriceDto(await this.ways[strategy](productId));
  }

  @Put(':productId/price')
  @ApiOperation({ summary: 'Set what a product costs' })
  @ApiOkResponse({ type: PriceDto })
  @ApiProblems({
    ...LOCK_PROBLEMS,
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
    [HttpStatus.CONFLICT]: { ...BUSY, STALE_FENCE: 'Product 1 has been claimed with a higher fence. Please try again.' },
  })
  async set(@Param() { productId }: ProductIdDto, @Body() { price }: SetPriceDto): Promise<PriceDto> {
    return new PriceDto(await this.catalog.setPrice(productId, price));
  }
}
