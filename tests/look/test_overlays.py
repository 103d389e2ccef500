import pytest
import torch

from cnnlab.look import overlays

PHOTO = torch.zeros(3, 60, 90, dtype=torch.uint8)


def test_maps_of_any_resolution_lie_over_the_whole_photo_and_signs_have_their_own_colours():
    figure = overlays(PHOTO, {"Grad-CAM": torch.rand(60, 90), "occlusion": torch.tensor([[-0.2, 0.1]])})
    photo, cam, falls = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in (photo, cam, falls)] == ["photograph", "Grad-CAM", "occlusion"]
    assert [len(axes.images) for axes in (photo, cam, falls)] == [1, 2, 2]
    assert all(image.get_extent() == [0, 90, 60, 0] for axes in (photo, cam, falls) for image in axes.images)
    assert (cam.images[1].get_cmap().name, falls.images[1].get_cmap().name) == ("viridis", "RdBu_r")
    assert falls.images[1].get_clim() == pytest.approx((-0.2, 0.2))
    assert "occlusion, from −0.2 to 0.1, largest at 75 % of its width and 50 % of its height" in figure.alt


def test_with_common_limits_equal_colours_are_equal_values():
    figure = overlays(PHOTO, {"a": torch.rand(6, 9) / 2, "b": torch.rand(6, 9)}, limits=(0, 1))
    assert [axes.images[1].get_clim() for axes in figure.axes if len(axes.images) == 2] == [(0, 1), (0, 1)]


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"a photograph must have shape \(3, H, W\), got \(60, 90\)"):
        overlays(PHOTO[0], {"a": torch.zeros(6, 9)})
    with pytest.raises(
        ValueError, match=r"maps must be one or more tensors \(H, W\) by name, got \{'a': \(1, 6, 9\)\}"
    ):
        overlays(PHOTO, {"a": torch.zeros(1, 6, 9)})
    with pytest.raises(ValueError, match="maps must be one or more tensors"):
        overlays(PHOTO, {})
