/// @file
/// Points of interest: lists of them, and descriptors to find them again in another image.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include <tine/image/chain.hpp>

namespace tine::image {

/// The marks that fast() or corners() (filters.hpp) has made, as a list in the order of rows and
/// columns: every pixel that is not 0, with its value as the response.
///
/// @code
/// fast(20)(pool, photo, marks);
/// for (const cv::KeyPoint& point : keypoints(marks)) ...
/// @endcode
///
/// @param marks  8-bit, one channel
/// @param size   diameter that the points get, in pixels
/// @throws InvalidArgument  an image of another type
std::vector<cv::KeyPoint> keypoints(const cv::Mat& marks, float size = 7);

struct OrbOptions {
  int tile = 512;      ///< pixels, side of a tile; 64 or more
  int features = 500;  ///< in a tile and its surroundings, 10,000 at most; the strongest stay
  float scale = 1.2f;  ///< from one level of the pyramid to the next; 1.01 to 8
  int levels = 8;      ///< of the pyramid, as far as the image has so many; 1 to 32
  int threshold = 20;  ///< of the corner detector, in levels
};

struct Features {
  std::vector<cv::KeyPoint> points;
  cv::Mat descriptors;  ///< CV_8U, 32 bytes in a row for each point
};

/// ORB features (E. Rublee et al., ORB: an efficient alternative to SIFT or SURF, ICCV 2011) of every
/// tile of an image: what `cv::ORB` finds in the tile with as much around it as its pyramid looks
/// at, as an image of its own. So there are features everywhere, not only where they are strongest, and
/// tiles are independent. The same on any number of workers, ordered by tile. The list of the operation
/// "orb", which ends a chain.
///
/// @param image  8-bit, 1 or 3 channels
/// @throws InvalidArgument  an image of another type, options out of their range
/// @throws KernelError      an error in OpenCV; and what for_each_slice() throws
Features orb(const PoolWith& on, const cv::Mat& image, const OrbOptions& options = {});

}  // namespace tine::image
