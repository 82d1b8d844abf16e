//! The pictures of the sample shop, drawn by code: one function a product, nothing borrowed.

mod desk;
mod home;
mod paper;
mod scene;
mod table;

use self::scene::{CLAY, CREAM, INK, MUSTARD, OAK, PLUM, ROSE, SAGE, SAND, SKY, STONE, Scene, TIDE, dark, light, mix};

/// The picture of the sample product with this slug, as SVG.
pub(super) fn draw(slug: &str, title: &str) -> Option<String> {
    let stage = |wall, table, paint: fn(&mut Scene)| (Scene::new(wall, table), paint);
    let flat = |ground, paint: fn(&mut Scene)| (Scene::flat(ground), paint);
    let (mut scene, paint) = match slug {
        "ridge-notebook" => stage(light(ROSE, 45), light(OAK, 40), paper::ridge_notebook),
        "pocket-trio" => stage(light(SAGE, 35), light(SAND, 20), paper::pocket_trio),
        "open-week-planner" => flat(light(ROSE, 25), paper::week_planner),
        "watercolour-pad" => flat(light(SAGE, 20), paper::watercolour_pad),
        "brass-ballpoint" => flat(light(SKY, 30), desk::brass_pen),
        "facet-fountain-pen" => flat(light(MUSTARD, 52), desk::fountain_pen),
        "twelve-cedar-pencils" => stage(light(SKY, 35), light(OAK, 35), paper::cedar_pencils),
        "bottled-ink" => stage(light(MUSTARD, 60), light(CLAY, 55), desk::bottled_ink),
        "arch-desk-tray" => stage(light(TIDE, 66), light(STONE, 45), desk::arch_tray),
        "cut-paperweight" => stage(light(CLAY, 62), light(SAND, 10), desk::paperweight),
        "walnut-ruler" => flat(light(SAGE, 30), desk::walnut_ruler),
        "washi-tape-five" => flat(mix(CREAM, SKY, 45), desk::washi_tape),
        "dipped-mug" => stage(light(MUSTARD, 55), light(OAK, 30), table::dipped_mug),
        "shore-bowls" => stage(light(ROSE, 42), SAND, table::shore_bowls),
        "ripple-carafe" => stage(light(CLAY, 64), light(ROSE, 42), table::ripple_carafe),
        "oak-board" => stage(light(SAGE, 12), light(STONE, 50), table::oak_board),
        "linen-tea-towel" => flat(light(SKY, 20), home::tea_towels),
        "wool-throw" => stage(light(SAGE, 30), light(OAK, 30), home::wool_throw),
        "arc-cushion" => stage(light(SKY, 38), light(STONE, 46), home::arc_cushion),
        "cotton-apron" => flat(light(MUSTARD, 58), table::cotton_apron),
        "dome-lamp" => stage(light(PLUM, 52), mix(OAK, PLUM, 20), home::dome_lamp),
        "pillar-candles" => stage(mix(INK, PLUM, 40), dark(PLUM, 20), table::pillar_candles),
        "glass-lantern" => stage(light(INK, 22), light(INK, 8), home::glass_lantern),
        "paper-moon-pendant" => flat(mix(TIDE, INK, 55), home::paper_moon),
        _ => return None,
    };
    paint(&mut scene);
    Some(scene.finish(title))
}
