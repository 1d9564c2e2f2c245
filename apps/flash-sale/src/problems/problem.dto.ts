import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** A problem document (RFC 9457). */
export class ProblemDto {
  @ApiProperty({ example: 'about:blank' })
  readonly type!: string;

  @ApiProperty({ example: 'Conflict' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', example: 409 })
  readonly status!: number;

  @ApiProperty({ description: 'What went wrong, for people.', example: 'Product 1 is sold out.' })
  readonly detail!: string;

  @ApiProperty({ description: 'What went wrong, for programs.', example: 'SOLD_OUT' })
  readonly code!: string;

  @ApiPropertyOptional({ description: 'Every fault of the request, where it is invalid.', type: [String] })
  readonly faults?: readonly string[];
}
