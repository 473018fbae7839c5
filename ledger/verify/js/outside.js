// Whether anything but the key that signed it shows what was given: else whoever holds that key may have made it for one
// reader alone.

/** Whether a witness, a head that somebody kept, or a bundle shows it, and nothing disagrees. */
export function isSeenOutside({ witnessed = [], steps }) {
  return witnessed.length > 0 || steps.state("consistency") === "ok";
}
