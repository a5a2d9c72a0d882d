// Products of tiles for avx512.
#define TINE_EIGEN Eigen_avx512
#define TINE_ISA_NAMESPACE avx512
#include "isa/eigen_product.hpp"
