/** Free text as clinicians write it: escapes, symbols, emoji, other scripts. JSON-escaped already. */
export const notePool: readonly string[] = [
  'Patient reports feeling well 🙂 and denies chest pain, dyspnoea or oedema. Taking medication as prescribed; reviewed side effects and the plan in detail. Return precautions given and understood.',
  'BP ≥ 140/90 on two visits; goal under 130/80. Discussed sodium under 2 g/day, walking 30 min × 5/week, and home cuff readings. Recheck in 4–6 weeks, sooner with headache or vision change.',
  'Follow-up of type 2 diabetes: A1c improved by ≈ 0.6 %. Foot exam normal, monofilament 10/10 bilaterally. Retinal exam due.\\nContinue metformin 1000 mg; µ-albumin ordered.',
  'Paciente acompañada por su hija; se explicó el tratamiento en español. Niega alergias nuevas. Próxima cita en tres meses — traer la lista de medicamentos.',
  'Temp 37 °C, lungs clear to auscultation, no wheeze. Rapid strep negative. Supportive care: fluids, rest, acetaminophen 500 mg q6h prn. Called back: \\"much better\\" 👍.',
  'Знакомый пациент, жалоб нет. Interpreter used for the entire visit. Immunization record reviewed and reconciled with the state registry; influenza vaccine given today without reaction.',
  '患者は元気です。Reviewed imaging with the family: no acute fracture. Knee effusion resolving, full range of motion. Physical therapy twice weekly for six weeks, then reassess 🏃‍♀️.',
  'Chart prepared from prior records\\t(scanned, 14 pages). Allergies reconciled: penicillin → hives (1998). Family history notable for early coronary disease in father at 48 years.',
];
