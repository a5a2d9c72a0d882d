// Student's distribution, for tests of coefficients.
#pragma once

namespace tine::mining {

/// How probable it is that |t| is at least this, for so many degrees of freedom (at least one). To about 1e-13
/// of it.
double two_sided_probability(double t, double degrees);

}  // namespace tine::mining
