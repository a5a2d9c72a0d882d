// Products of tiles on a BLAS, wherever Eigen can hand over to it.
#define EIGEN_USE_BLAS
#define TINE_EIGEN Eigen_blas
#define TINE_ISA_NAMESPACE blas
#include "isa/eigen_product.hpp"
