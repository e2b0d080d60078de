#include "omma/data/world/look.h"

#include <array>
#include <span>

namespace omma {
namespace {

Resample any_filter(Rng& rng) {
  static constexpr std::array filters = {Resample::nearest, Resample::bilinear, Resample::bicubic, Resample::lanczos};
  return rng.pick(std::span<const Resample>(filters));
}

Resample smooth_filter(Rng& rng) {
  const Resample filter = any_filter(rng);
  return filter == Resample::nearest ? Resample::bilinear : filter;
}

}  // namespace

Look draw_varied_look(Rng& rng) {
  Look look;
  if (rng.chance(.5)) look.min_extent = 10;
  look.ground.darkest = rng.between(150, 235);
  look.ground.lightest = rng.between(look.ground.darkest + 5, 255);
  look.ground.unevenness = rng.chance(.3) ? 0 : rng.between(1, 14);
  look.ground.grain = rng.chance(.4) ? 0 : rng.between(1, 8);
  look.hue_jitter = 30;
  look.saturation = rng.between(185, 245);
  look.darkest = rng.between(44, 84);
  look.contrast = rng.between(150, 256 - look.darkest);
  Camera& camera = look.camera;
  if (rng.chance(.6)) {
    camera.resampled = rng.chance(.5) ? rng.uniform(.5, .95) : rng.uniform(1.1, 3);
    camera.resample_there = camera.resampled < 1 ? smooth_filter(rng) : any_filter(rng);
    camera.resample_back = smooth_filter(rng);
  }
  if (rng.chance(.3)) camera.blur = rng.uniform(.3, .8);
  if (rng.chance(.3)) camera.sharpness = rng.uniform(1.2, 3);
  if (rng.chance(.5)) camera.contrast = rng.uniform(.75, 1.2);
  if (rng.chance(.5)) camera.brightness = rng.uniform(.8, 1.15);
  if (rng.chance(.4))
    for (double& gain : camera.gain) gain = rng.uniform(.94, 1.06);
  if (rng.chance(.35)) camera.noise = rng.between(1, 8);
  if (rng.chance(.4)) camera.jpeg_quality = rng.between(40, 95);
  return look;
}

Look draw_domain_look(Rng& rng) {
  Look look;
  look.min_extent = 10;
  look.ground = {.kind = Ground::Kind::stripes, .darkest = 110, .lightest = 190, .unevenness = 16, .grain = 6};
  look.hue_jitter = 54;  // .035: half the closest gap between two colours
  look.saturation = rng.between(165, 184);
  Camera& camera = look.camera;
  if (rng.chance(.5)) camera.blur = rng.uniform(.9, 1.2);
  if (rng.chance(.5)) camera.contrast = rng.chance(.5) ? rng.uniform(.6, .74) : rng.uniform(1.21, 1.35);
  if (rng.chance(.5)) camera.brightness = rng.chance(.5) ? rng.uniform(.7, .79) : rng.uniform(1.16, 1.25);
  if (rng.chance(.5)) camera.noise = rng.between(9, 14);
  if (rng.chance(.5)) camera.jpeg_quality = rng.between(20, 38);
  return look;
}

}  // namespace omma
