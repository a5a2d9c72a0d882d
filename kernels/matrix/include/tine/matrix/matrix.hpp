/// @file
/// All of tine::matrix.
#pragma once

#include <tine/matrix/coordinates.hpp>
#include <tine/matrix/covariance.hpp>
#include <tine/matrix/cumulative.hpp>
#include <tine/matrix/distance.hpp>
#include <tine/matrix/eigh.hpp>
#include <tine/matrix/file.hpp>
#include <tine/matrix/isa.hpp>
#include <tine/matrix/iterations.hpp>
#include <tine/matrix/norm.hpp>
#include <tine/matrix/pca.hpp>
#include <tine/matrix/product.hpp>
#include <tine/matrix/softmax.hpp>
#include <tine/matrix/solve.hpp>
#include <tine/matrix/sparse.hpp>
#include <tine/matrix/statistics.hpp>
#include <tine/matrix/stencil.hpp>
#include <tine/matrix/svd.hpp>
#include <tine/matrix/transpose.hpp>
#include <tine/matrix/vector.hpp>
