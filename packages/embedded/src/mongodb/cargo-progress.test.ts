import { expect, it } from '@jest/globals';
import { CargoProgress } from './build-engine.ts';

it('CargoProgress describes the output of cargo in one line', () => {
  const cargo = new CargoProgress();
  expect(cargo.follow('    Updating crates.io index')).toBe('now updating crates.io index');
  expect(cargo.follow('   Compiling serde v1.0.229')).toBe('now serde v1.0.229');
  expect(cargo.follow('\x1b[1m\x1b[36m    Building\x1b[0m [=====>     ] 57/213: serde, wiredtiger-sys(build)')).toBe(
    '57/213 parts built, now serde',
  );
  expect(cargo.follow('   Compiling secantus-wiredtiger-sys v0.5.3')).toBe(
    '57/213 parts built, now secantus-wiredtiger-sys v0.5.3',
  );
  expect(cargo.follow('warning: unused variable')).toBeUndefined();
});
