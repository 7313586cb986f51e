import { annotation, concept, period, quantity, reference, timing } from './data-types.ts';
import { type Budget, fields, flag, list, type Shape, text } from './shapes.ts';

/** https://hl7.org/fhir/R4/careplan.html; `containedGoal`: goals that have no address of their own. */
export const carePlanSummary: Shape = (value, budget) => {
  const plan = planFields(value, budget);
  const goals = containedGoals(value, budget);
  return goals === undefined ? plan : { ...(plan as object | undefined), containedGoal: goals };
};

const detail = fields({
  kind: text,
  code: concept,
  status: text,
  statusReason: concept,
  doNotPerform: flag,
  description: text,
  scheduledTiming: timing,
  scheduledPeriod: period,
  scheduledString: text,
  reasonCode: list(concept),
  goal: list(reference),
  location: reference,
  productCodeableConcept: concept,
  productReference: reference,
  dailyAmount: quantity,
  quantity,
});

const planFields = fields({
  status: text,
  intent: text,
  title: text,
  description: text,
  period,
  created: text,
  category: list(concept),
  goal: list(reference),
  activity: list(
    fields({
      detail,
      reference,
      outcomeCodeableConcept: list(concept),
      outcomeReference: list(reference),
      progress: list(annotation),
    }),
  ),
  note: list(annotation),
});

const goals = list(
  fields({ id: text, lifecycleStatus: text, achievementStatus: concept, description: concept, startDate: text }),
);

function containedGoals(value: unknown, budget: Budget): unknown {
  const contained = (value as { contained?: unknown } | null | undefined)?.contained;
  if (!Array.isArray(contained)) return undefined;
  return goals(
    contained.filter((one: { resourceType?: unknown } | null) => one?.resourceType === 'Goal'),
    budget,
  );
}
