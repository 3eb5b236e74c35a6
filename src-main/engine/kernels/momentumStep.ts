import { backend, type Tensor } from '../tensorflow.ts';
import { booleanAttribute, floatAttribute } from './opAttributes.ts';
import { hasOwnOps } from './ownOps.ts';

/**
 * One step of SGD with momentum, as torch.optim computes it, of clip x gradient + decay x parameter. Null where the
 * addon has no such op.
 */
export function momentumStep(
  {
    parameter,
    slot,
    gradient,
    clip,
    rate,
  }: Readonly<Record<'parameter' | 'slot' | 'gradient' | 'clip' | 'rate', Tensor>>,
  { decay, momentum, nesterov }: { readonly decay: number; readonly momentum: number; readonly nesterov: boolean },
): { slot: Tensor; parameter: Tensor } | null {
  if (!hasOwnOps) return null;
  const attributes = [
    floatAttribute('decay', decay),
    floatAttribute('momentum', momentum),
    booleanAttribute('nesterov', nesterov),
  ];
  const [newSlot, newParameter] = backend.executeMultipleOutputs(
    'MomentumStep',
    attributes,
    [parameter, slot, gradient, clip, rate],
    2,
  ) as [Tensor, Tensor];
  return { slot: newSlot, parameter: newParameter };
}
