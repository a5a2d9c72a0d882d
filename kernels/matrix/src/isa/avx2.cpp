// Products of tiles for avx2.
#define TINE_EIGEN Eigen_avx2
#define TINE_ISA_NAMESPACE avx2
#include "isa/eigen_product.hpp"
