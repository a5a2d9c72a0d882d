/* must(rule, condition): like assert, and the rule's name shows in what pan prints, so that `check`
 * can tell whether a mutant was caught for the right reason. A rule's variable is always zero. */
#define must(rule, condition) assert((condition) || rule)
