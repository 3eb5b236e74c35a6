"""The backbones in PyTorch, without an embedding layer: name to (layers, width of what they end with at 112 x 112)."""

from torch import nn


def normal(channels):
    return nn.BatchNorm2d(channels)


def conv(channels, filters, kernel, stride=1, padding=None, groups=1):
    return nn.Conv2d(channels, filters, kernel, stride, kernel // 2 if padding is None else padding, groups=groups, bias=False)


class Sum(nn.Module):
    def __init__(self, main, side=None, after=None):
        super().__init__()
        self.main, self.side, self.after = main, side or nn.Identity(), after or nn.Identity()

    def forward(self, x):
        return self.after(self.main(x) + self.side(x))


def smallcnn():
    layers, channels, side = [], 3, 112
    for filters in (32, 64, 96, 128, 192):
        layers += [conv(channels, filters, 3, 2), normal(filters), nn.ReLU()]
        channels, side = filters, (side + 1) // 2
    return nn.Sequential(*layers, nn.Flatten()), channels * side * side


def resnet(blocks, bottleneck):
    layers, channels = [conv(3, 64, 7, 2), normal(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for stage, count in enumerate(blocks):
        width, filters = 64 << stage, (256 if bottleneck else 64) << stage
        for block in range(count):
            stride = 2 if block == 0 and stage > 0 else 1
            side = nn.Sequential(conv(channels, filters, 1, stride), normal(filters)) if block == 0 and (stride > 1 or channels != filters) else None
            main = (
                [conv(channels, width, 1), normal(width), nn.ReLU(), conv(width, width, 3, stride), normal(width), nn.ReLU(), conv(width, filters, 1), normal(filters)]
                if bottleneck
                else [conv(channels, filters, 3, stride), normal(filters), nn.ReLU(), conv(filters, filters, 3), normal(filters)]
            )
            layers.append(Sum(nn.Sequential(*main), side, nn.ReLU()))
            channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), channels


def iresnet(blocks):
    layers, channels = [conv(3, 64, 3), normal(64), nn.PReLU(64)], 64
    for stage, count in enumerate(blocks):
        filters = 64 << stage
        for block in range(count):
            stride = 2 if block == 0 else 1
            main = nn.Sequential(normal(channels), conv(channels, filters, 3), normal(filters), nn.PReLU(filters), conv(filters, filters, 3, stride), normal(filters))
            layers.append(Sum(main, nn.Sequential(conv(channels, filters, 1, stride), normal(filters)) if block == 0 else None))
            channels = filters
    return nn.Sequential(*layers, normal(channels), nn.Flatten()), channels * 49


def mobilefacenet():
    def block(channels, filters, kernel, stride=1, groups=1, rectified=True, padding=None):
        return [conv(channels, filters, kernel, stride, padding, groups), normal(filters)] + ([nn.PReLU(filters)] if rectified else [])

    def bottleneck(channels, wide, filters, stride):
        return nn.Sequential(*block(channels, wide, 1), *block(wide, wide, 3, stride, wide), *block(wide, filters, 1, rectified=False))

    layers = block(3, 64, 3, 2) + block(64, 64, 3, 1, 64)
    for channels, wide, filters, count, within in ((64, 128, 64, 4, 128), (64, 256, 128, 6, 256), (128, 512, 128, 2, 256)):
        layers.append(bottleneck(channels, wide, filters, 2))
        layers += [Sum(bottleneck(filters, within, filters, 1)) for _ in range(count)]
    layers += block(128, 512, 1) + block(512, 512, 7, 1, 512, False, 0)
    return nn.Sequential(*layers, nn.Flatten()), 512


def lite(widths, repeats):
    stages = zip(repeats, (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1), (1, 6, 6, 6, 6, 6, 6), widths)
    layers, channels = [conv(3, 32, 3, 2), normal(32), nn.ReLU6()], 32
    for count, kernel, stride, expansion, filters in stages:
        for repeat in range(count):
            wide = channels * expansion
            main = [conv(channels, wide, 1), normal(wide), nn.ReLU6()] if expansion > 1 else []
            main += [conv(wide, wide, kernel, stride if repeat == 0 else 1, groups=wide), normal(wide), nn.ReLU6(), conv(wide, filters, 1), normal(filters)]
            layers.append(Sum(nn.Sequential(*main)) if repeat else nn.Sequential(*main))
            channels = filters
    return nn.Sequential(*layers, conv(channels, 1280, 1), normal(1280), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), 1280


backbones = {
    "smallcnn": smallcnn,
    "resnet18": lambda: resnet((2, 2, 2, 2), False),
    "resnet50": lambda: resnet((3, 4, 6, 3), True),
    "iresnet18": lambda: iresnet((2, 2, 2, 2)),
    "iresnet50": lambda: iresnet((3, 4, 14, 3)),
    "mobilefacenet": mobilefacenet,
    "efficientnet-lite0": lambda: lite((16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
    "efficientnet-lite1": lambda: lite((16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
    "efficientnet-lite2": lambda: lite((16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
}
