#include "metadata.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

// Exif 2.32, section 4.6.4: what describes how the pixels of a TIFF are stored, which is the
// encoder's business.
bool describes_storage(const Exiv2::Exifdatum& datum) {
  static constexpr std::array<std::uint16_t, 26> tags{
      0x00fe, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x010a, 0x0111, 0x0115,
      0x0116, 0x0117, 0x011c, 0x013d, 0x0140, 0x0142, 0x0143, 0x0144, 0x0145,
      0x014a, 0x0152, 0x0153, 0x0154, 0x0155, 0x015b, 0x0211, 0x8773};
  const std::string group = datum.groupName();
  return (group == "Image" && std::ranges::find(tags, datum.tag()) != tags.end()) ||
         group.starts_with("SubImage") || group == "Thumbnail";
}

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

struct Resolution {
  std::uint32_t x = 0, y = 0;
  double per_inch = 1;  // of the unit, in terms of what is given
};

// Where Exif does not say it: the head of a JPEG (JFIF 1.02) or the pHYs chunk of a PNG.
Resolution resolution_of(std::span<const std::uint8_t> file) {
  if (file.size() >= 18 && file[0] == 0xff && file[1] == 0xd8 && file[2] == 0xff &&
      file[3] == 0xe0 && std::memcmp(&file[6], "JFIF", 5) == 0 && (file[13] == 1 || file[13] == 2))
    return {number_at(file, 14, 2), number_at(file, 16, 2), file[13] == 1 ? 1 : 2.54};
  if (file.size() >= 8 && std::memcmp(file.data(), "\x89PNG", 4) == 0)
    for (std::size_t at = 8; at + 12 <= file.size();) {
      const std::size_t length = number_at(file, at, 4);
      if (std::memcmp(&file[at + 4], "IDAT", 4) == 0) break;
      if (std::memcmp(&file[at + 4], "pHYs", 4) == 0 && length == 9 && at + 21 <= file.size() &&
          file[at + 16] == 1)
        return {number_at(file, at + 8, 4), number_at(file, at + 12, 4), 0.0254};
      if (length > file.size() - at - 12) break;
      at += length + 12;
    }
  return {};
}

// A profile says which colours it is for (ICC.1:2010, 7.2.6).
bool fits(const std::vector<std::uint8_t>& profile, int channels) {
  return profile.size() >= 128 &&
         std::memcmp(&profile[16], channels == 1 ? "GRAY" : "RGB ", 4) == 0;
}

}  // namespace

Metadata::Metadata(std::span<const std::uint8_t> file) noexcept {
  Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
  try {
    const auto image = Exiv2::ImageFactory::open(file.data(), static_cast<long>(file.size()));
    try {
      image->readMetadata();
    } catch (const std::exception&) {
      // What came before the place that is broken is there.
    }
    exif_ = image->exifData();
    iptc_ = image->iptcData();
    xmp_ = image->xmpData();
    if (image->iccProfileDefined()) {
      const Exiv2::DataBuf& profile = *image->iccProfile();
      profile_.assign(profile.pData_, profile.pData_ + profile.size_);
    }
    const auto profile = exif_.findKey(Exiv2::ExifKey("Exif.Image.InterColorProfile"));
    if (profile_.empty() && profile != exif_.end()) {
      profile_.resize(static_cast<std::size_t>(profile->size()));
      profile->copy(profile_.data(), Exiv2::bigEndian);
    }
    const Resolution resolution = resolution_of(file);
    if (resolution.x > 0 && resolution.y > 0 &&
        exif_.findKey(Exiv2::ExifKey("Exif.Image.XResolution")) == exif_.end()) {
      const auto per_inch = [&](std::uint32_t n) {
        return Exiv2::URational(static_cast<std::uint32_t>(cvRound(n * resolution.per_inch * 100)),
                                100u);
      };
      exif_["Exif.Image.XResolution"] = per_inch(resolution.x);
      exif_["Exif.Image.YResolution"] = per_inch(resolution.y);
      exif_["Exif.Image.ResolutionUnit"] = std::uint16_t{2};  // inches
    }
  } catch (const std::exception&) {
    // A format that has none.
  }
}

Metadata::Dpi Metadata::resolution() const {
  const auto of = [this](const char* key) {
    const auto datum = exif_.findKey(Exiv2::ExifKey(key));
    return datum == exif_.end() || datum->count() == 0 ? 0.0 : double(datum->toFloat());
  };
  const double unit = of("Exif.Image.ResolutionUnit") == 3 ? 2.54 : 1;  // 3: per centimetre
  return {cvRound(std::min(of("Exif.Image.XResolution") * unit, 1e6)),
          cvRound(std::min(of("Exif.Image.YResolution") * unit, 1e6))};
}

int Metadata::orientation() const {
  const auto datum = exif_.findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
  if (datum == exif_.end() || datum->count() == 0) return 1;
  const auto value = datum->toLong();
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

std::vector<std::uint8_t> Metadata::profile_for(const cv::Mat& image) const {
  return fits(profile_, image.channels()) ? profile_ : std::vector<std::uint8_t>();
}

void Metadata::add_to(std::vector<std::uint8_t>& encoded, const cv::Mat& image) const {
  const auto profile = profile_for(image);
  if (exif_.empty() && iptc_.empty() && xmp_.empty() && profile.empty()) return;
  if (Exiv2::ImageFactory::getType(encoded.data(), static_cast<long>(encoded.size())) ==
      Exiv2::ImageType::none)
    return;  // a format that has a place for nothing
  try {
    const auto file = Exiv2::ImageFactory::open(encoded.data(), static_cast<long>(encoded.size()));
    file->readMetadata();
    const auto takes = [&](Exiv2::MetadataId what) {
      return (file->checkMode(what) & Exiv2::amWrite) != 0;
    };
    bool any = false;
    if (takes(Exiv2::mdExif) && !exif_.empty()) {
      Exiv2::ExifData& exif = file->exifData();  // with what the encoder has written
      for (const Exiv2::Exifdatum& datum : exif_)
        if (!describes_storage(datum)) exif[datum.key()] = datum;
      const auto correct = [&](const char* key, auto value) {
        if (exif.findKey(Exiv2::ExifKey(key)) != exif.end()) exif[key] = value;
      };
      correct("Exif.Image.Orientation", std::uint16_t{1});
      correct("Exif.Photo.PixelXDimension", static_cast<std::uint32_t>(image.cols));
      correct("Exif.Photo.PixelYDimension", static_cast<std::uint32_t>(image.rows));
      any = true;
    }
    if (takes(Exiv2::mdIptc) && !iptc_.empty()) {
      file->setIptcData(iptc_);
      any = true;
    }
    if (takes(Exiv2::mdXmp) && !xmp_.empty()) {
      Exiv2::XmpData xmp = xmp_;
      const auto turned = xmp.findKey(Exiv2::XmpKey("Xmp.tiff.Orientation"));
      if (turned != xmp.end()) turned->setValue("1");
      file->setXmpData(xmp);
      any = true;
    }
    // Nobody tells of profiles alone. In WebP Exiv2 0.27 would announce one, and write none.
    if (takes(Exiv2::mdExif) && !profile.empty() && file->mimeType() != "image/webp") {
      Exiv2::DataBuf buffer(profile.data(), static_cast<long>(profile.size()));
      file->setIccProfile(buffer);
      any = true;
    }
    if (!any) return;
    file->writeMetadata();
    Exiv2::BasicIo& io = file->io();
    encoded.resize(static_cast<std::size_t>(io.size()));
    io.seek(0, Exiv2::BasicIo::beg);
    if (io.read(encoded.data(), static_cast<long>(encoded.size())) !=
        static_cast<long>(encoded.size()))
      throw Failure("its metadata cannot be kept");
  } catch (const Exiv2::AnyError& error) {
    throw Failure(
        fmt::format("its metadata cannot be kept (--no-metadata leaves it out): {}", error.what()));
  }
}

cv::Mat upright(const cv::Mat& image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  cv::Mat turned;
  switch (orientation) {
    case 2:
      cv::flip(image, turned, 1);
      break;
    case 3:
      cv::rotate(image, turned, cv::ROTATE_180);
      break;
    case 4:
      cv::flip(image, turned, 0);
      break;
    case 5:
      cv::transpose(image, turned);
      break;
    case 6:
      cv::rotate(image, turned, cv::ROTATE_90_CLOCKWISE);
      break;
    case 7:
      cv::transpose(image, turned);
      cv::rotate(turned, turned, cv::ROTATE_180);
      break;
    case 8:
      cv::rotate(image, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
      break;
  }
  return turned;
}

}  // namespace tine::app
