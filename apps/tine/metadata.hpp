// What an image file says of its image beside the pixels: Exif, IPTC and XMP, the colour profile, the
// resolution. Runs in workers, as all that reads files from strangers does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <exiv2/exiv2.hpp>
#include <opencv2/core.hpp>

namespace tine::app {

class Metadata {
 public:
  /// What can be read of it; what is broken is left out.
  explicit Metadata(std::span<const std::uint8_t> file) noexcept;

  /// How the image has to be turned to stand upright, 1 to 8 as Exif counts; 1 when nobody says.
  int orientation() const;

  struct Dpi {
    int x = 0, y = 0;
  };
  /// In pixels per inch; 0 when nobody says.
  Dpi resolution() const;

  /// The colour profile, if it is one for as many channels as the image has; else nothing.
  std::vector<std::uint8_t> profile_for(const cv::Mat& image) const;

  /// Puts into an encoded image what its format has a place for and what is still true: the image
  /// stands upright, has its own size, and a thumbnail would show something else. The resolution of a
  /// TIFF is the encoder's business. Throws Failure.
  void add_to(std::vector<std::uint8_t>& encoded, const cv::Mat& image) const;

 private:
  Exiv2::ExifData exif_;
  Exiv2::IptcData iptc_;
  Exiv2::XmpData xmp_;
  std::vector<std::uint8_t> profile_;  // ICC
};

/// The image turned as an orientation says.
cv::Mat upright(const cv::Mat& image, int orientation);

}  // namespace tine::app
