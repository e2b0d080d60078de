// TIFF and BigTIFF: the first picture, in strips or tiles. Read here: FFmpeg's decoder knows neither tiles nor alpha, gives other
// pixels for planes, and refuses what has an orientation.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "omma/io/image_codec.h"
#include "omma/io/lzw.h"
#include "omma/io/orientation_tags.h"
#include "omma/io/tiff_directory.h"

namespace omma {
namespace {

using Rows = std::vector<std::uint8_t>;

constexpr std::size_t most_samples = 8;  // of a pixel

enum class TiffCompression : std::uint64_t { none = 1, lzw = 5, deflate = 8, old_deflate = 32'946, packbits = 32'773 };
enum class TiffPhotometric : std::uint64_t { white_is_zero = 0, black_is_zero = 1, rgb = 2, palette = 3, cmyk = 5 };

struct TiffLayout {
  int width = 0, height = 0;
  bool is_big_endian = false;
  TiffPhotometric photometric = TiffPhotometric::white_is_zero;
  TiffCompression compression = TiffCompression::none;
  std::size_t bits = 1, samples = 1;  // of a sample; of a pixel
  bool is_reversed = false;           // bits in a byte
  bool is_predicted = false;          // samples as differences to the left
  bool is_premultiplied = false;      // by alpha
  Palette colors = {};
  // Blocks are strips or tiles, row by row of them, and so for each plane.
  std::size_t planes = 1, block_width = 0, block_height = 0;
  std::vector<std::uint64_t> offsets = {}, sizes = {};

  bool is_gray() const { return photometric <= TiffPhotometric::black_is_zero; }
  bool has_palette() const { return photometric == TiffPhotometric::palette; }
  std::size_t channels() const { return samples / planes; }  // in a block
  std::size_t row_bytes() const { return (block_width * channels() * bits + 7) / 8; }
  std::size_t across() const { return (static_cast<std::size_t>(width) + block_width - 1) / block_width; }
  std::size_t down() const { return (static_cast<std::size_t>(height) + block_height - 1) / block_height; }
};

ImageHeader header_of(const TiffDirectory& directory, std::string_view name, const ImageLimits& limits) {
  const auto side = [&](TiffTag tag) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(directory.number(tag, 0), std::uint32_t(-1)));
  };
  const std::int64_t width = side(TiffTag::width), height = side(TiffTag::height);
  check_image_size(width, height, name, limits);
  const std::uint64_t told = directory.number(TiffTag::orientation, 1);
  const int orientation = directory.has(TiffTag::orientation) ? static_cast<int>(told <= 8 ? std::max<std::uint64_t>(told, 1) : 1)
                                                              : xmp_orientation(directory.text(TiffTag::xmp)).value_or(1);
  return {{static_cast<int>(width), static_cast<int>(height)}, orientation};
}

void read_samples(const TiffDirectory& directory, std::string_view name, TiffLayout& layout) {
  const std::uint64_t photometric = directory.number(TiffTag::photometric, 0);
  constexpr std::array<std::size_t, 6> colors_of = {1, 1, 3, 1, 0, 4};
  const std::size_t colors = photometric < colors_of.size() ? colors_of[photometric] : 0;
  check(colors != 0, "{}: TIFF: expected gray, RGB, a palette or CMYK, got photometric interpretation {}", name, photometric);
  layout.photometric = static_cast<TiffPhotometric>(photometric);
  layout.samples = std::min<std::uint64_t>(directory.number(TiffTag::samples, 1), most_samples + 1);
  check(layout.samples >= colors && layout.samples <= most_samples, "{}: TIFF: expected {} to {} samples a pixel, got {}", name,
        colors, most_samples, directory.number(TiffTag::samples, 1));
  std::vector<std::uint64_t> bits = directory.numbers(TiffTag::bits);
  if (bits.empty()) bits = {1};
  bits.resize(std::min(bits.size(), layout.samples));
  layout.bits = bits.front();
  const bool is_few = layout.bits == 1 || layout.bits == 2 || layout.bits == 4;
  const bool fits =
      layout.bits == 8 || (layout.bits == 16 && !layout.has_palette()) || (is_few && (layout.is_gray() || layout.has_palette()));
  check(fits && std::ranges::count(bits, bits.front()) == std::ssize(bits),
        "{}: TIFF: expected samples of 8 or 16 bits, of gray or a palette also 1, 2 or 4, got {}", name, layout.bits);
  const std::vector<std::uint64_t> formats = directory.numbers(TiffTag::sample_format);
  check(std::ranges::count(formats, 1U) == std::ssize(formats), "{}: TIFF: expected whole numbers without a sign for samples",
        name);
  const std::vector<std::uint64_t> extra = directory.numbers(TiffTag::extra_samples);
  layout.is_premultiplied = layout.samples > colors && !extra.empty() && extra.front() == 1;
  check(!layout.is_premultiplied || layout.photometric == TiffPhotometric::rgb,
        "{}: TIFF: expected premultiplied alpha with RGB alone", name);
}

void read_colors(const TiffDirectory& directory, std::string_view name, TiffLayout& layout) {
  const std::vector<std::uint64_t> values = directory.numbers(TiffTag::colors);  // all reds, all greens, all blues
  const std::size_t count = values.size() / 3;
  check(count >= 1 && count <= 256 && values.size() % 3 == 0, "{}: TIFF: expected a palette of at most 3 x 256 values, got {}",
        name, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) layout.colors[i % count][i / count] = static_cast<std::uint8_t>(values[i] >> 8);
}

void read_blocks(const TiffDirectory& directory, std::string_view name, TiffLayout& layout) {
  const bool has_strips = directory.has(TiffTag::strip_offsets);
  const auto width = static_cast<std::uint64_t>(layout.width), height = static_cast<std::uint64_t>(layout.height);
  const std::uint64_t block_width = has_strips ? width : directory.number(TiffTag::tile_width, 0);
  const std::uint64_t block_height =
      has_strips ? std::min(directory.number(TiffTag::rows_per_strip, height), height) : directory.number(TiffTag::tile_height, 0);
  constexpr std::uint64_t largest_tile = 4096;  // beyond the picture
  check(block_width >= 1 && block_height >= 1 && block_width <= width + largest_tile,
        "{}: TIFF: expected strips, or tiles of at most {} pixels more than the picture, got {} x {}", name, largest_tile,
        block_width, block_height);
  layout.block_width = block_width;
  layout.block_height = std::min(block_height, height);  // rows below the picture are left unread
  const std::uint64_t planes = directory.number(TiffTag::planes, 1);
  check(planes == 1 || planes == 2, "{}: TIFF: expected planar configuration 1 or 2, got {}", name, planes);
  layout.planes = planes == 2 ? layout.samples : 1;
  layout.offsets = directory.numbers(has_strips ? TiffTag::strip_offsets : TiffTag::tile_offsets);
  layout.sizes = directory.numbers(has_strips ? TiffTag::strip_sizes : TiffTag::tile_sizes);
  const std::size_t blocks = layout.planes * layout.across() * layout.down();
  check(layout.offsets.size() >= blocks && (layout.sizes.empty() || layout.sizes.size() >= blocks),
        "{}: TIFF: expected {} strips or tiles, got {} with {} sizes", name, blocks, layout.offsets.size(), layout.sizes.size());
}

TiffLayout layout_of(const TiffDirectory& directory, ImageSize size, std::string_view name) {
  TiffLayout layout{.width = size.width, .height = size.height, .is_big_endian = directory.is_big_endian()};
  const std::uint64_t compression = directory.number(TiffTag::compression, 1);
  constexpr std::array<std::uint64_t, 5> known = {1, 5, 8, 32'946, 32'773};
  check(std::ranges::find(known, compression) != known.end(),
        "{}: TIFF: expected no compression, LZW, deflate or PackBits, got compression {}", name, compression);
  layout.compression = static_cast<TiffCompression>(compression);
  read_samples(directory, name, layout);
  if (layout.has_palette()) read_colors(directory, name, layout);
  read_blocks(directory, name, layout);
  layout.is_reversed = directory.number(TiffTag::fill_order, 1) == 2;
  const bool may_predict = layout.compression != TiffCompression::none && layout.compression != TiffCompression::packbits;
  const std::uint64_t predictor = may_predict ? directory.number(TiffTag::predictor, 1) : 1;
  layout.is_predicted = predictor == 2;
  check(predictor == 1 || (predictor == 2 && layout.bits >= 8), "{}: TIFF: expected predictor 1, or 2 of 8 or 16 bits, got {}",
        name, predictor);
  return layout;
}

// --- Blocks

uInt zlib_size(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max())); }

std::size_t inflate_zlib(std::span<const std::uint8_t> data, std::span<std::uint8_t> out) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = zlib_size(data.size());
  stream.next_out = out.data();
  stream.avail_out = zlib_size(out.size());
  int status = ::inflate(&stream, Z_SYNC_FLUSH);
  const auto found = static_cast<std::size_t>(stream.next_out - out.data());
  if (status == Z_OK && stream.avail_out == 0) {  // on to the sum at the end, if it is next: it may be missing, but not wrong
    std::uint8_t beyond = 0;
    stream.next_out = &beyond;
    stream.avail_out = 1;
    status = ::inflate(&stream, Z_SYNC_FLUSH);
  }
  inflateEnd(&stream);
  return status == Z_DATA_ERROR ? 0 : found;
}

std::size_t unpack_bits(std::span<const std::uint8_t> data, std::span<std::uint8_t> out) {
  std::size_t done = 0;
  for (std::size_t at = 0; at + 1 < data.size() && done < out.size();) {
    const std::size_t code = data[at++];
    if (code == 128) continue;
    const std::size_t count = std::min(code < 128 ? code + 1 : 257 - code, out.size() - done);
    if (code < 128) {
      const std::size_t there = std::min(count, data.size() - at);
      std::copy_n(data.data() + at, there, out.data() + done);
      done += there;
      at += there;
    } else {
      std::fill_n(out.data() + done, count, data[at++]);
      done += count;
    }
  }
  return done;
}

// Gives how many bytes there were.
std::size_t inflate_block(TiffCompression compression, std::span<const std::uint8_t> data, std::span<std::uint8_t> out) {
  switch (compression) {
    case TiffCompression::none:
      std::copy_n(data.data(), std::min(data.size(), out.size()), out.data());
      return std::min(data.size(), out.size());
    case TiffCompression::lzw:
      return inflate_lzw(data, LzwCodes::tiff, 8, out);
    case TiffCompression::packbits:
      return unpack_bits(data, out);
    default:
      return inflate_zlib(data, out);
  }
}

std::uint8_t reversed(std::uint8_t byte) {
  unsigned turned = 0;
  for (unsigned i = 0; i < 8; ++i) turned |= (byte >> i & 1U) << (7 - i);
  return static_cast<std::uint8_t>(turned);
}

class TiffReader {
 public:
  TiffReader(std::span<const std::uint8_t> bytes, std::string_view name, const TiffLayout& layout)
      : bytes_(bytes), name_(name), layout_(layout) {}

  Image read() {
    const std::size_t blocks = layout_.planes * layout_.across() * layout_.down();
    for (std::size_t block = 0; block < blocks; ++block) stored(block);  // before anything is allocated
    Image image(layout_.width, layout_.height);
    for (std::size_t y = 0; y < layout_.down(); ++y)
      for (std::size_t x = 0; x < layout_.across(); ++x) read_place(x, y, image);
    return image;
  }

 private:
  std::size_t rows_of(std::size_t block) const {
    const std::size_t first = block / layout_.across() % layout_.down() * layout_.block_height;
    return std::min(layout_.block_height, static_cast<std::size_t>(layout_.height) - first);
  }

  // A block's bytes in the file: as many as may matter, lest blocks of the whole file each cost its length.
  std::span<const std::uint8_t> stored(std::size_t block) const {
    const std::uint64_t offset = layout_.offsets[block], needed = layout_.row_bytes() * rows_of(block);
    check(offset <= bytes_.size(), "{}: TIFF: the file is truncated: a strip or tile begins at byte {} of {}", name_, offset,
          bytes_.size());
    const std::uint64_t left = bytes_.size() - offset, size = layout_.sizes.empty() ? left : layout_.sizes[block];
    const std::uint64_t most_of_a_byte = layout_.compression == TiffCompression::none ? 1 : 4096;
    check(size <= left && size >= (needed + most_of_a_byte - 1) / most_of_a_byte,
          "{}: TIFF: the file is truncated: a strip or tile of {} bytes at byte {} of {}", name_, size, offset, bytes_.size());
    return bytes_.subspan(offset, std::min(size, 2 * needed + 1024));
  }

  // The rows that the picture has of a block.
  Rows rows_in(std::size_t block) const {
    std::span<const std::uint8_t> data = stored(block);
    Rows turned;
    if (layout_.is_reversed) {
      std::ranges::transform(data, std::back_inserter(turned), reversed);
      data = turned;
    }
    Rows rows(layout_.row_bytes() * rows_of(block));
    const std::size_t found = inflate_block(layout_.compression, data, rows);
    check(found == rows.size(), "{}: TIFF: the file is truncated or corrupt: a strip or tile has {} of {} bytes", name_, found,
          rows.size());
    return rows;
  }

  // The first pixels of a row, as samples of 8 bits; those of a palette as they are.
  template <unsigned bits>
  void take_row(const std::uint8_t* row, std::size_t count, std::uint8_t* samples) const {
    constexpr unsigned most = (1U << bits) - 1;
    const std::size_t channels = layout_.channels();
    std::array<unsigned, most_samples> left{};
    for (std::size_t i = 0; count > 0; --count, samples += layout_.samples) {
      for (std::size_t c = 0; c < channels; ++c, ++i) {
        unsigned value = 0;
        if constexpr (bits == 16)
          value = layout_.is_big_endian ? row[2 * i] << 8 | row[2 * i + 1] : row[2 * i + 1] << 8 | row[2 * i];
        if constexpr (bits < 16) value = row[i * bits / 8] >> (8 - bits - i * bits % 8) & most;
        if (layout_.is_predicted) value = left[c] = (left[c] + value) & most;
        if constexpr (bits == 16) value >>= 8;
        if (bits < 8 && !layout_.has_palette()) value *= 255 / most;
        samples[c] = static_cast<std::uint8_t>(value);
      }
    }
  }

  void take_row(const std::uint8_t* row, std::size_t count, std::uint8_t* samples) const {
    switch (layout_.bits) {
      case 1:
        return take_row<1>(row, count, samples);
      case 2:
        return take_row<2>(row, count, samples);
      case 4:
        return take_row<4>(row, count, samples);
      case 8:
        return take_row<8>(row, count, samples);
      default:
        return take_row<16>(row, count, samples);
    }
  }

  // Pixels of these samples to RGB.
  void convert_row(const std::uint8_t* samples, std::size_t count, std::uint8_t* pixels) const {
    for (std::size_t x = 0; x < count; ++x, samples += layout_.samples, pixels += 3) {
      switch (layout_.photometric) {
        case TiffPhotometric::white_is_zero:
          std::fill_n(pixels, 3, inverted(samples[0]));
          break;
        case TiffPhotometric::black_is_zero:
          std::fill_n(pixels, 3, samples[0]);
          break;
        case TiffPhotometric::rgb:
          std::copy_n(samples, 3, pixels);
          if (layout_.is_premultiplied) divide(pixels, samples[3]);
          break;
        case TiffPhotometric::palette:
          std::ranges::copy(layout_.colors[samples[0]], pixels);
          break;
        case TiffPhotometric::cmyk: {
          std::array<std::uint8_t, 4> inks;
          std::transform(samples, samples + 4, inks.begin(), inverted);
          convert_cmyk_row(inks.data(), pixels, 1);
        }
      }
    }
  }

  static std::uint8_t inverted(std::uint8_t sample) { return static_cast<std::uint8_t>(255 - sample); }

  static void divide(std::uint8_t* pixel, unsigned alpha) {
    for (int c = 0; c < 3; ++c) pixel[c] = alpha == 0 ? 0 : static_cast<std::uint8_t>(std::min(pixel[c] * 255U / alpha, 255U));
  }

  // The blocks of all planes at one place of the grid.
  void read_place(std::size_t across, std::size_t down, Image& image) {
    const std::size_t place = down * layout_.across() + across, x = across * layout_.block_width;
    const std::size_t count = std::min(layout_.block_width, static_cast<std::size_t>(layout_.width) - x);
    std::vector<Rows> planes;
    for (std::size_t plane = 0; plane < layout_.planes; ++plane)
      planes.push_back(rows_in(plane * layout_.across() * layout_.down() + place));
    Rows samples(count * layout_.samples);
    for (std::size_t y = 0; y < rows_of(place); ++y) {
      for (std::size_t plane = 0; plane < layout_.planes; ++plane)
        take_row(planes[plane].data() + y * layout_.row_bytes(), count, samples.data() + plane);
      convert_row(samples.data(), count, image.pixel(static_cast<int>(x), static_cast<int>(down * layout_.block_height + y)));
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  const TiffLayout& layout_;
};

}  // namespace

ImageHeader read_tiff_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  return header_of(TiffDirectory(bytes, std::string(name) + ": TIFF"), name, limits);
}

DecodedImage decode_tiff(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  const TiffDirectory directory(bytes, std::string(name) + ": TIFF");
  const auto [size, orientation] = header_of(directory, name, limits);
  const TiffLayout layout = layout_of(directory, size, name);
  return {TiffReader(bytes, name, layout).read(), orientation};
}

}  // namespace omma
