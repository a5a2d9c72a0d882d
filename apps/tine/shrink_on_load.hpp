// A chain that begins by shrinking a JPEG leaves part of that to the decoder, which then has less to
// do (jpeg.hpp).
//
// It decodes at the smallest of its sizes that has every pixel the chain wants, and the chain shrinks
// what is left, by area. The result has the same size; its pixels are nearly those that full decoding
// gives: 53 dB apart (PSNR) for photographs at a half, a quarter and an eighth, and hardly nearer
// when the decoder stops at twice the size.
#pragma once

#include <opencv2/core.hpp>

#include <tine/image/chain.hpp>

namespace tine::app {

struct Decoding {
  int reduction = 1;   ///< for decode(): 1, 2, 4 or 8
  image::Chain chain;  ///< for what it makes
};

/// For a JPEG of this size, as it stands upright. The chain is right for an image that was not reduced,
/// too.
Decoding shrink_on_load(const image::Chain& chain, cv::Size upright);

}  // namespace tine::app
