/// What is measured: each operation of tine's registry with parameters of daily use, and chains of
/// them. An operation of the registry that has no entry here stops the program. ImageMagick is left out
/// where it would take half a minute and more, but for one median and one large Gaussian.
#pragma once

#include <string>
#include <vector>

#include "image_pictures.hpp"

namespace bench {

struct Entry {
  std::string chain;  ///< one operation, or several joined by |
  Picture picture = Picture::colour;
  std::string vips{};    ///< the like of it in libvips, as libvips() takes it; empty: none
  std::string magick{};  ///< in ImageMagick, as image_magick() takes it
};

inline const std::vector<Entry> operation_entries{
    {"affine xx=0.98 xy=-0.17 x=700 yx=0.17 yy=0.98 y=-700"},
    {"bilateral d=9 sigma_color=50 sigma_space=5"},
    {"blackhat size=9"},
    {"box size=9"},
    {"canny low=50 high=150", Picture::gray, "canny sigma=1.4"},
    {"clahe clip=2", Picture::gray},
    {"close size=5"},
    {"components", Picture::black_and_white, "labelregions"},
    {"convert to=hsv", {}, "colourspace space=hsv", "-colorspace HSV"},
    {"convert to=lab", {}, "colourspace space=lab", "-colorspace Lab"},
    {"convert to=ycrcb", {}, {}, "-colorspace YCbCr"},
    {"convert to=from_lab"},
    {"corners", Picture::gray},
    {"crop x=1000 y=500 width=1001 height=1003",
     {},
     "extract_area left=1000,top=500,width=1001,height=1003",
     "-crop 1001x1003+1000+500"},
    {"dilate size=3", {}, "rank width=3,height=3,index=8", "-morphology Dilate Square:1"},
    {"dilate size=15", {}, "rank width=15,height=15,index=224"},
    {"distance", Picture::black_and_white},
    {"equalize", Picture::gray, "hist_equal", "-equalize"},
    {"erode size=3", {}, "rank width=3,height=3,index=0", "-morphology Erode Square:1"},
    {"erode size=15 shape=ellipse"},
    {"fast threshold=20", Picture::gray},
    {"filter2d 1 2 1 0 0 0 -1 -2 -1", {}, {}, "-morphology Convolve 3x3:1,2,1,0,0,0,-1,-2,-1"},
    {"filter2d kernel weights=1,2,3,2,1,2,4,6,4,2,3,6,9,6,3,2,4,6,4,2,1,2,3,2,1"},
    {"flip direction=horizontal", {}, "flip direction=horizontal", "-flop"},
    {"flip direction=vertical", {}, "flip direction=vertical", "-flip"},
    {"gamma 0.8", {}, "gamma exponent=1.25", "-gamma 1.25"},
    {"gaussian sigma=0.7", {}, "gaussblur sigma=0.7"},
    {"gaussian sigma=2", {}, "gaussblur sigma=2"},
    {"gaussian sigma=8", {}, "gaussblur sigma=8", "-blur 0x8"},
    {"gradient size=3", {}, {}, "-morphology Edge Square:1"},
    {"gray", {}, "colourspace space=b-w", "-colorspace Gray"},
    {"guided radius=4", Picture::gray},
    {"histogram"},
    {"integral", Picture::gray},
    {"invert", {}, "invert", "-negate"},
    {"laplacian", Picture::gray, {}, "-morphology Convolve Laplacian:3"},
    {"lens k1=-0.1"},
    {"levels 10 240", {}, {}, "-level 4%,94%"},
    {"match template=part.png", Picture::small_gray},
    {"median size=3", {}, "rank width=3,height=3,index=4", "-statistic Median 3x3"},
    {"median size=5", {}, "rank width=5,height=5,index=12"},
    {"median size=9", {}, "rank width=9,height=9,index=40"},
    {"nlmeans h=10", Picture::small_gray},
    {"nlmeans h=10", Picture::small_colour},
    {"normalize", Picture::gray, "scale", "-normalize"},
    {"open size=5", {}, {}, "-morphology Open Square:2"},
    {"orb", Picture::gray},
    {"perspective xx=0.9 xy=0.1 x=20 yx=0.05 yy=0.95 y=10 wx=1e-5 wy=1e-5"},
    {"pyrdown"},
    {"pyrup", Picture::gray},
    {"remap maps=maps.npy"},
    {"resize scale=0.5", {}, "shrink hshrink=2,vshrink=2", "-resize 50%"},
    {"resize scale=0.3", {}, "resize scale=0.3", "-resize 30%"},
    {"resize scale=1.25", {}, "resize scale=1.25,kernel=cubic", "-filter Catrom -resize 125%"},
    {"resize scale=0.7 method=linear", {}, "resize scale=0.7,kernel=linear"},
    {"resize scale=0.7 method=lanczos4", {}, "resize scale=0.7,kernel=lanczos3"},
    {"resize scale=0.7 method=nearest"},
    {"rotate angle=10 canvas=keep"},
    {"rotate angle=90", {}, "rot angle=d90", "-rotate 90"},
    {"rotate angle=180", {}, "rot angle=d180", "-rotate 180"},
    {"scharr", Picture::gray},
    {"sharpen amount=1 sigma=1", {}, "sharpen sigma=1", "-unsharp 0x1+1+0"},
    {"sobel", Picture::gray, "sobel", "-morphology Convolve Sobel"},
    {"sobel", {}, "sobel"},
    {"threshold 127", {}, {}, "-threshold 50%"},
    {"threshold adaptive size=15 offset=5", Picture::gray, {}, "-lat 15x15-2%"},
    {"threshold adaptive size=15 offset=5 method=gaussian", Picture::gray},
    {"threshold otsu", Picture::gray},
    {"tophat size=9"},
};

inline const std::vector<Entry> chain_entries{
    {"gaussian sigma=0.7 | sobel | threshold otsu", Picture::gray},
    {"gaussian sigma=1.1 | sobel | threshold otsu", Picture::gray},
    {"gray | gaussian sigma=2 | sobel | threshold 60"},
    {"sharpen | gamma 0.8 | levels 10 240"},
    {"median size=3 | gaussian sigma=1.5 | laplacian"},
};

}  // namespace bench
