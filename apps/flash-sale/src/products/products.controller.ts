import { Body, Controller, Get, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { CreateProductDto } from './dto/create-product.dto.js';
import { ProductDto } from './dto/product.dto.js';
import { ProductIdDto } from './dto/product-id.dto.js';
import { ProductsService } from './products.service.js';

@ApiTags('products')
@Controller('products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Post()
  @ApiOperation({ summary: 'Put a product on sale' })
  @ApiCreatedResponse({ type: ProductDto })
  @ApiProblems({ [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' } })
  async create(@Body() product: CreateProductDto): Promise<ProductDto> {
    return new ProductDto(await this.products.create(product));
  }

  @Get(':productId')
  @ApiOperation({ summary: 'See a product and what is left of it' })
  @ApiOkResponse({ type: ProductDto })
  @ApiProblems({
    [HttpStatus.BAD_REQUEST]: { INVALID_REQUEST: 'The request is invalid.' },
    [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
  })
  async get(@Param() { productId }: ProductIdDto): Promise<ProductDto> {
    return new ProductDto(await this.products.get(productId));
  }
}
