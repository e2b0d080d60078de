"""GLIP in our own words, its weights under the authors' names (microsoft/GLIP, commit 9dda955): what authors.py is compared with.

Swin and BERT are transformers'. What a layer makes is kept in `seen` under the names of omma's probe.

Read in the authors' code (maskrcnn_benchmark/):
- modeling/rpn/vldyhead.py, DyConv: the map below is convolved at its own size with the offsets and the mask of the map above it, which
  are larger; layers/deform_conv.py passes pointers, so the kernel (csrc/cuda/deform_conv_kernel_cuda.cu) reads the first numbers of the
  buffers as if they were of the smaller map. Stretched to the map's size with corners aligned.
- utils/fuse_helper.py, BiAttentionBlockForCheckpoint: the update is added to the normalised features, not to the ones given. All levels
  are one sequence. +1 on every word's score, -9e15 on padding: a mask.
- modeling/rpn/vldyhead.py, VLDyHead: the words of the dot product are the tower's last (USE_FUSED_FEATURES_DOT_PRODUCT) or BERT's own;
  the norm is taken before, the half (embedding / 2) only in the projection, not in the words' bias.
- modeling/backbone/fpn.py: P6 comes from P5, as both have as many channels; relu only between P6 and P7.
- modeling/rpn/inference.py: .05 is the least mean of a name's probabilities, before the centerness; the best 1000 of a level are
  chosen after it; the score is the root of the product. More than 100 stay where the last of them are equal.
- structures/bounding_box.py: a box's last pixel belongs to it: widths are x1 - x0 + 1, clipping ends at width - 1, and resize() scales
  the pixels' numbers. csrc/cuda/ml_nms.cu overlaps likewise, within a name; without CUDA boxlist_ops.py takes torchvision's nms, which
  does not, and fails on its result. CUDA's is taken here.
- engine/inference.py: names are joined by ". ", with nothing after the last; engine/predictor_glip.py writes " . " after each.
- data/transforms: the shorter side to 800, the longer one at most 1333: the shorter one is rounded then and the longer one cut down from
  that, so that it may pass 1333. Then BGR, 0 to 255, minus mean, and zeros to multiples of 32, which no mask tells apart.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertConfig, BertModel, SwinBackbone, SwinConfig
from transformers.models.bert.modeling_bert import BertLayer

STRIDES = (8, 16, 32, 64, 128)
FUSION_HEADS, NORM_GROUPS = 8, 16


def deformable_convolution(x, offset, mask, weight, bias, stride=1):
    """Modulated, 3 x 3, one group, padding 1. Offsets (y, x) and mask are read from the start of their buffers."""
    batch, _, height, width = x.shape
    rows, columns = (height - 1) // stride + 1, (width - 1) // stride + 1
    offset = offset.flatten(1)[:, :18 * rows * columns].view(batch, 9, 2, rows, columns)
    mask = mask.flatten(1)[:, :9 * rows * columns].view(batch, 1, 9, rows, columns)
    taps = torch.arange(9)
    y = offset[:, :, 0] + (taps // 3 - 1)[:, None, None] + stride * torch.arange(rows)[:, None]  # [B, 9, rows, columns]
    x_at = offset[:, :, 1] + (taps % 3 - 1)[:, None, None] + stride * torch.arange(columns)
    samples = 0
    for row in (y.floor(), y.floor() + 1):
        for column in (x_at.floor(), x_at.floor() + 1):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            share = (1 - (y - row).abs()) * (1 - (x_at - column).abs()) * inside
            place = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).long().flatten(1)  # [B, 9 rows columns]
            taken = x.flatten(2).gather(2, place[:, None].expand(-1, x.shape[1], -1))
            samples = samples + taken.view(batch, -1, 9, rows, columns) * share[:, None]
    return torch.einsum("bckhw,ock->bohw", samples * mask, weight.flatten(2)) + bias[:, None, None]


class DeformableWithNorm(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride, 1)  # for its weights
        self.bn = nn.GroupNorm(NORM_GROUPS, channels)

    def forward(self, x, offset, mask):
        return self.bn(deformable_convolution(x, offset, mask, self.conv.weight, self.conv.bias, self.conv.stride[0]))


def hard_sigmoid(x):
    return (x + 3).clamp(0, 6) / 6


class DynamicRelu(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, channels // 4), nn.ReLU(), nn.Linear(channels // 4, 4 * channels))

    def forward(self, x):
        slope, shift, other_slope, other_shift = (hard_sigmoid(self.fc(x.mean((2, 3)))) - 0.5)[:, :, None, None].chunk(4, 1)
        return torch.maximum(x * (2 * slope + 1) + shift, x * 2 * other_slope + other_shift)


class DyConv(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.DyConv = nn.ModuleList(DeformableWithNorm(channels, stride) for stride in (1, 1, 2))  # from below, own, from above
        self.AttnConv = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 1, 1), nn.ReLU())
        self.relu = DynamicRelu(channels)
        self.offset = nn.Conv2d(channels, 27, 3, 1, 1)

    def forward(self, maps):
        return [self.level(maps, i) for i in range(len(maps))]

    def level(self, maps, i):
        offset, mask = self.offset(maps[i]).split([18, 9], 1)
        mask = mask.sigmoid()
        parts = [self.DyConv[1](maps[i], offset, mask)]
        if i > 0:
            parts.append(self.DyConv[2](maps[i - 1], offset, mask))
        if i + 1 < len(maps):
            coarser = self.DyConv[0](maps[i + 1], offset, mask)
            parts.append(F.interpolate(coarser, size=maps[i].shape[2:], mode="bilinear", align_corners=True))
        return self.relu(sum(part * hard_sigmoid(self.AttnConv(part)) for part in parts) / len(parts))


class BothWays(nn.Module):
    def __init__(self, channels, words, inner):
        super().__init__()
        self.v_proj, self.values_v_proj, self.out_v_proj = (nn.Linear(a, b) for a, b in ((channels, inner), (channels, inner), (inner, channels)))
        self.l_proj, self.values_l_proj, self.out_l_proj = (nn.Linear(a, b) for a, b in ((words, inner), (words, inner), (inner, words)))

    def forward(self, x, words):
        heads = lambda y: y.unflatten(2, (FUSION_HEADS, -1)).transpose(1, 2)  # noqa: E731  [B, N, S, D]
        merged = lambda y: y.transpose(1, 2).flatten(2)  # noqa: E731
        queries, keys = heads(self.v_proj(x)), heads(self.l_proj(words))
        scores = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[-1])  # [B, N, S, T]
        to_vision = scores.softmax(3) @ heads(self.values_l_proj(words))
        to_words = scores.softmax(2).transpose(2, 3) @ heads(self.values_v_proj(x))
        return self.out_v_proj(merged(to_vision)), self.out_l_proj(merged(to_words))


class Attention(nn.Module):
    def __init__(self, channels, words, inner):
        super().__init__()
        self.layer_norm_v, self.layer_norm_l = nn.LayerNorm(channels), nn.LayerNorm(words)
        self.attn = BothWays(channels, words, inner)
        self.gamma_v, self.gamma_l = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.ones(words))

    def forward(self, x, words):
        x, words = self.layer_norm_v(x), self.layer_norm_l(words)
        to_x, to_words = self.attn(x, words)
        return x + self.gamma_v * to_x, words + self.gamma_l * to_words


class Fusion(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.b_attn = Attention(*sizes)

    def forward(self, maps, words):
        lengths = [each.shape[2] * each.shape[3] for each in maps]
        x, words = self.b_attn(torch.cat([each.flatten(2) for each in maps], 2).transpose(1, 2), words)
        parts = x.transpose(1, 2).split(lengths, 2)
        return [part.unflatten(2, each.shape[2:]) for part, each in zip(parts, maps, strict=True)], words


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))


class Head(nn.Module):
    def __init__(self, case, text):
        super().__init__()
        channels, words = case["channels"], text.hidden_size
        layers = []
        for _ in range(case["layers"]):
            if case["fusion"]:
                layers += [Fusion(channels, words, case["inner"]), BertLayer(text)]
            layers.append(DyConv(channels))
        self.dyhead_tower = nn.Sequential(*layers)
        self.cls_logits, self.bbox_pred, self.centerness = (nn.Conv2d(channels, out, 1) for out in (80, 4, 1))  # the first unused
        self.dot_product_projection_text = nn.Linear(words, channels)
        self.scales = nn.ModuleList(Scale() for _ in STRIDES)
        self.log_scale, self.bias0, self.bias_lang = (nn.Parameter(torch.zeros(size)) for size in (1, 1, words))

    def forward(self, maps, words, seen):
        step = 3 if len(self.dyhead_tower) > 1 and isinstance(self.dyhead_tower[0], Fusion) else 1
        for i in range(0, len(self.dyhead_tower), step):
            if step == 3:
                maps, words = self.dyhead_tower[i](maps, words)
                words = self.dyhead_tower[i + 1](words)
                words = words if torch.is_tensor(words) else words[0]
                seen |= {f"head.{i // step}.fused.{level}": each for level, each in enumerate(maps)} | {f"head.{i // step}.text": words}
            maps = self.dyhead_tower[i + step - 1](maps)
            seen |= {f"head.{i // step}.map.{level}": each for level, each in enumerate(maps)}
        words = F.normalize(words, dim=-1)
        projected = self.dot_product_projection_text(words / 2) / self.log_scale.exp()
        for level, x in enumerate(maps):
            logits = x.flatten(2).transpose(1, 2) @ projected.transpose(1, 2) + (words @ self.bias_lang + self.bias0)[:, None]
            regression = (self.bbox_pred(x) * self.scales[level].scale).flatten(2).transpose(1, 2)
            seen |= {f"logits.{level}": logits.clamp(-50000, 50000), f"regression.{level}": regression,
                     f"centerness.{level}": self.centerness(x).flatten(1)}


class Pyramid(nn.Module):
    def __init__(self, widths, channels):
        super().__init__()
        for i, width in enumerate(widths, 2):
            self.add_module(f"fpn_inner{i}", nn.Conv2d(width, channels, 1))
            self.add_module(f"fpn_layer{i}", nn.Conv2d(channels, channels, 3, padding=1))
        self.top_blocks = nn.ModuleDict({name: nn.Conv2d(channels, channels, 3, 2, 1) for name in ("p6", "p7")})

    def forward(self, maps):
        inner, results = None, []
        for i, x in reversed(list(enumerate(maps, 2))):
            lateral = getattr(self, f"fpn_inner{i}")(x)
            inner = lateral if inner is None else lateral + F.interpolate(inner, size=lateral.shape[2:], mode="nearest")
            results.insert(0, getattr(self, f"fpn_layer{i}")(inner))
        results.append(self.top_blocks["p6"](results[-1]))
        return results + [self.top_blocks["p7"](results[-1].relu())]


class Glip(nn.Module):
    def __init__(self, case):
        super().__init__()
        text = BertConfig(**case["text"], attn_implementation="eager")
        self.swin = SwinBackbone(SwinConfig(**case["backbone"], out_indices=[2, 3, 4]))
        self.fpn = Pyramid([case["backbone"]["embed_dim"] * 2**i for i in (1, 2, 3)], case["channels"])
        self.bert = BertModel(text, add_pooling_layer=False)
        self.head = Head(case, text)

    def forward(self, pixels, ids):
        """pixels [B, 3, H, W], H and W multiples of 32; ids [T]. All that is seen."""
        backbone = self.swin(pixels).feature_maps
        maps = self.fpn(backbone)
        words = self.bert(input_ids=ids[None].expand(len(pixels), -1)).last_hidden_state
        seen = {f"backbone.{i}": each for i, each in enumerate(backbone)} | {f"fpn.{i}": each for i, each in enumerate(maps)}
        seen["text"] = words
        self.head(maps, words, seen)
        return seen


def resized_size(width, height, shortest, longest):
    least, most = float(min(width, height)), float(max(width, height))
    size = shortest if most / least * shortest <= longest else int(round(longest * least / most))
    return (size, int(size * height / width)) if width < height else (int(size * width / height), size)


def anchors_of(level, size, rows, columns):
    """[rows columns, 4]: first and last pixel of a square around the middle of each cell's pixels."""
    stride = STRIDES[level]
    y, x = torch.meshgrid(torch.arange(rows) * stride, torch.arange(columns) * stride, indexing="ij")
    middle = torch.stack([x, y, x, y], -1).view(-1, 4) + (stride - 1) / 2
    return middle + torch.tensor([-1, -1, 1, 1]) * (size - 1) / 2


def decoded(regression, anchors):
    sides = anchors[:, 2:] - anchors[:, :2] + 1
    middle = (anchors[:, 2:] + anchors[:, :2]) / 2 + regression[:, :2] / 10 * sides
    half = ((regression[:, 2:] / 5).clamp(max=math.log(1000 / 16)).exp() * sides - 1) / 2
    return torch.cat([middle - half, middle + half], 1)


def overlaps(box, boxes):
    sides = (torch.minimum(box[2:], boxes[:, 2:]) - torch.maximum(box[:2], boxes[:, :2]) + 1).clamp(min=0)
    area = lambda b: (b[..., 2] - b[..., 0] + 1) * (b[..., 3] - b[..., 1] + 1)  # noqa: E731
    inner = sides.prod(1)
    return inner / (area(box) + area(boxes) - inner)


def suppressed(boxes, scores, labels, threshold):
    """Which stay, as numbers that rise."""
    kept, left = [], scores.sort(descending=True, stable=True).indices
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[(labels[left] != labels[best]) | (overlaps(boxes[best], boxes[left]) <= threshold)]
    return torch.stack(kept).sort().values if kept else left


def detections(seen, row, names, aggregate, case, size):
    """Boxes (first and last pixel of the resized picture), scores and the places of their names. `names` are lists of tokens."""
    boxes, scores, labels = [], [], []
    rows, columns = case["rows_columns"]
    for level, anchor in enumerate(case["anchor_sizes"]):
        grid = [-(-side // STRIDES[level]) for side in (rows, columns)]
        probabilities = seen[f"logits.{level}"][row].sigmoid()
        each = torch.stack([aggregate(probabilities[:, tokens]) for tokens in names], 1)  # [H W, names]
        chosen = (each > case["score_threshold"]).nonzero()
        each = (each * seen[f"centerness.{level}"][row].sigmoid()[:, None])[chosen[:, 0], chosen[:, 1]]
        best = each.topk(min(len(each), case["pre_nms_top_n"])).indices
        places, classes = chosen[best].unbind(1)
        found = decoded(seen[f"regression.{level}"][row][places], anchors_of(level, anchor, *grid)[places])
        boxes.append(torch.minimum(found.clamp(min=0), torch.tensor([size[0] - 1, size[1] - 1] * 2)))
        scores.append(each[best].sqrt())
        labels.append(classes)
    boxes, scores, labels = torch.cat(boxes), torch.cat(scores), torch.cat(labels)
    kept = suppressed(boxes, scores, labels, case["nms_threshold"])
    if len(kept) > case["detections_per_image"]:
        kept = kept[scores[kept] >= scores[kept].sort(descending=True).values[case["detections_per_image"] - 1]]
    kept = kept[scores[kept].sort(descending=True).indices]  # theirs come as their places rise
    return boxes[kept], scores[kept], labels[kept]
