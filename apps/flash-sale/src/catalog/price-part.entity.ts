import { Column, Entity, PrimaryColumn } from 'typeorm';
import { LARGE_NUMBER, MOMENT } from '../database/column-types.js';

/** What makes up a price. */
export type PriceKind = 'list' | 'sale';

/** One part of a product's price. All parts of one price have the same version. */
@Entity('price_parts')
export class PricePart {
  @PrimaryColumn({ type: 'integer' })
  productId!: number;

  @PrimaryColumn({ type: 'varchar' })
  kind!: PriceKind;

  @Column({ type: 'integer' })
  cents!: number;

  @Column(MOMENT)
  validFrom!: Date;

  /** The fence of whoever set the price: later prices have higher ones. */
  @Column(LARGE_NUMBER)
  version!: number;
}
