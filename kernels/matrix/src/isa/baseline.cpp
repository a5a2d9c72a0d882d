// Products of tiles for baseline.
#define TINE_EIGEN Eigen_baseline
#define TINE_ISA_NAMESPACE baseline
#include "isa/eigen_product.hpp"
