/** Inside the second resource of a Patient file: some bytes are good, and no line ends there. */
export const patientCutBytes = 3000;
