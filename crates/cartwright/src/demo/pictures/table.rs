//! What stands on a kitchen table.

use super::scene::{
    CHARCOAL, CLAY, CREAM, Colour, INK, MOSS, MUSTARD, OAK, ROSE, SAGE, SAND, SKY, Scene, TIDE, dark, hex, light,
    repeat,
};

/// A mug, dipped in glaze, with steam.
pub(super) fn dipped_mug(scene: &mut Scene) {
    scene.shadow(390, 662, 340);
    let (clay, glaze, inner) =
        (scene.round(light(SAND, 10)), scene.round(TIDE), scene.down(&[(0, dark(SAND, 30)), (100, SAND)]));
    let (rim, coffee) = (hex(light(SAND, 55)), hex(0x5B_38_26));
    let handle = scene.round(dark(SAND, 6));
    scene.draw(&format!(
        r#"<path d="M520 420h34c104 0 104 168 0 168h-44v-40h40c50 0 50 -88 0 -88h-30z" fill="{handle}"/>
<path d="M246 368h298v214q0 80 -80 80H326q-80 0 -80 -80z" fill="{clay}"/>
<path d="M246 470q50 34 96 10t92 12 110 -14v104q0 80 -80 80H326q-80 0 -80 -80z" fill="{glaze}"/>
<ellipse cx="395" cy="368" rx="149" ry="34" fill="{rim}"/><ellipse cx="395" cy="369" rx="138" ry="27" fill="{inner}"/><path d="M268 380q127 -26 254 0q-50 16 -127 16t-127 -16z" fill="{coffee}"/>"#
    ));
    let dots = repeat(40, |n| {
        format!(r#"<circle cx="{}" cy="{}" r="{}"/>"#, 262 + n * 67 % 266, 398 + n * 41 % 62, 1 + n % 3)
    });
    scene.draw(&format!(
        r##"<g fill="{}" opacity=".35">{dots}</g><g fill="none" stroke="#fff" stroke-width="13" stroke-linecap="round" opacity=".55"><path d="M340 316c-34 -40 30 -62 0 -108"/><path d="M400 306c-34 -46 32 -70 0 -126"/><path d="M458 316c-34 -40 30 -62 0 -108"/></g>"##,
        hex(0x6B_54_40)
    ));
}

/// Three bowls, one in the other.
pub(super) fn shore_bowls(scene: &mut Scene) {
    scene.shadow(400, 664, 420);
    let bowls = [(474, 236, 190, INK), (420, 196, 180, TIDE), (372, 158, 170, SKY)];
    // All openings from the outside in, then all walls from the inside out: each wall hides what stands behind it.
    for (y, half, _, colour) in bowls {
        opening(scene, y, half, colour);
    }
    for (y, half, depth, colour) in bowls.into_iter().rev() {
        wall(scene, y, half, depth, colour);
    }
}

fn opening(scene: &mut Scene, y: i32, half: i32, colour: Colour) {
    let inside = scene.down(&[(0, dark(colour, 30)), (100, light(colour, 24))]);
    scene.draw(&format!(
        r#"<ellipse cx="400" cy="{y}" rx="{half}" ry="{}" fill="{}"/><ellipse cx="400" cy="{}" rx="{}" ry="{}" fill="{inside}"/>"#,
        half / 6,
        hex(light(colour, 50)),
        y + 1,
        half - 8,
        half / 6 - 5,
    ));
}

fn wall(scene: &mut Scene, y: i32, half: i32, depth: i32, colour: Colour) {
    let outside = scene.round(colour);
    let (left, right, bottom, foot) = (400 - half, 400 + half, y + depth, half * 42 / 100);
    let (waist, lip) = (y + depth * 62 / 100, hex(light(colour, 50)));
    let front = format!("M{left} {y}A{half} {} 0 0 0 {right} {y}", half / 6);
    scene.draw(&format!(
        r#"<path d="{front}C{right} {waist} {} {bottom} {} {bottom}h-{}C{} {bottom} {left} {waist} {left} {y}z" fill="{outside}"/>
<path d="{front}" fill="none" stroke="{lip}" stroke-width="7"/>"#,
        400 + foot + 50,
        400 + foot,
        foot * 2,
        400 - foot - 50,
    ));
}

/// A ribbed carafe, half full, with its glass.
pub(super) fn ripple_carafe(scene: &mut Scene) {
    scene.shadow(350, 664, 300);
    scene.shadow(602, 668, 150);
    let outline = "M296 190h112v120c0 50 78 84 78 190v118q0 44 -44 44H262q-44 0 -44 -44V500c0 -106 78 -140 78 -190z";
    let (glass, water) = (scene.round(light(SKY, 40)), scene.round(light(TIDE, 28)));
    scene.draw(&format!(r#"<path d="{outline}" fill="{glass}" opacity=".72"/>"#));
    let ribs = repeat(14, |n| {
        format!(
            r#"<path d="M200 {y}q152 26 304 0" fill="none" stroke="{}" stroke-width="4" opacity=".55"/>"#,
            hex(0xFF_FF_FF),
            y = 352 + n * 23
        )
    });
    scene.inside(
        &format!(r#"<path d="{outline}"/>"#),
        &format!(r#"<path d="M200 470q152 22 304 0v220H200z" fill="{water}" opacity=".7"/><ellipse cx="352" cy="471" rx="140" ry="15" fill="{}" opacity=".6"/>{ribs}"#, hex(light(SKY, 50))),
    );
    let line = hex(light(TIDE, 60));
    scene.draw(&format!(
        r##"<path d="{outline}" fill="none" stroke="{line}" stroke-width="4"/><ellipse cx="352" cy="190" rx="56" ry="12" fill="#fff" opacity=".55" stroke="{line}" stroke-width="4"/>
<path d="M250 480q-8 70 0 130" fill="none" stroke="#fff" stroke-width="11" stroke-linecap="round" opacity=".75"/>
<path d="M532 500h140l-14 148q-2 18 -20 18h-72q-18 0 -20 -18z" fill="{glass}" opacity=".75"/><path d="M539 574h126l-8 72q-2 16 -18 16h-74q-16 0 -18 -16z" fill="{water}" opacity=".7"/>
<path d="M532 500h140l-14 148q-2 18 -20 18h-72q-18 0 -20 -18z" fill="none" stroke="{line}" stroke-width="4"/><ellipse cx="602" cy="500" rx="70" ry="12" fill="#fff" opacity=".5" stroke="{line}" stroke-width="4"/>"##
    ));
}

/// A board of oak with lemons on the table before it.
pub(super) fn oak_board(scene: &mut Scene) {
    scene.shadow(400, 660, 360);
    let wood = scene.across(&[(0, light(OAK, 26)), (50, OAK), (100, dark(OAK, 12))]);
    let side = hex(dark(OAK, 34));
    let outline = "M356 150h88q26 0 26 26v62q0 22 22 28 60 18 60 78v260q0 56 -56 56H304q-56 0 -56 -56V344q0 -60 60 -78 22 -6 22 -28v-62q0 -26 26 -26z";
    let line = hex(dark(OAK, 24));
    let rings = repeat(9, |n| {
        let spread = 16 + n * 19;
        format!(
            r#"<path d="M{} 700C{} 560 {} 470 {} 130M{} 700C{} 560 {} 470 {} 130" fill="none"/>"#,
            400 - spread,
            380 - spread,
            420 - spread,
            396 - spread / 2,
            400 + spread,
            420 + spread,
            380 + spread,
            404 + spread / 2
        )
    });
    scene.draw(&format!(
        r#"<path d="{outline}" fill="{side}" transform="translate(9 3)"/><path d="{outline}" fill="{wood}"/>"#
    ));
    scene.inside(&format!(r#"<path d="{outline}"/>"#), &format!(r#"<g stroke="{line}" stroke-width="2" opacity=".42">{rings}<ellipse cx="400" cy="470" rx="11" ry="30" fill="none"/></g>"#));
    let hole = hex(dark(OAK, 55));
    scene.draw(&format!(
        r#"<circle cx="400" cy="204" r="23" fill="{hole}"/><circle cx="402" cy="207" r="19" fill="{}"/>"#,
        hex(light(SAGE, 12))
    ));
    for (x, y, turn) in [(560, 624, -18), (644, 640, 24)] {
        scene.shadow(x, y + 40, 120);
        let lemon = scene.across(&[(0, 0xF7_DF_7A), (60, 0xE6_B9_3C), (100, 0xC2_8E_22)]);
        scene.draw(&format!(r#"<path d="M{} {y}q14 -46 66 -46t66 46q8 2 10 6q-4 6 -10 6q-14 40 -66 40t-66 -40q-8 -2 -10 -6q4 -5 10 -6z" fill="{lemon}" transform="rotate({turn} {x} {y})"/>"#, x - 66));
    }
}

/// Pillar candles of three heights, lit.
pub(super) fn pillar_candles(scene: &mut Scene) {
    scene.shadow(400, 664, 500);
    for (x, top, half, colour) in [(262, 392, 64, ROSE), (404, 286, 68, CREAM), (548, 460, 72, MUSTARD)] {
        candle(scene, x, top, half, 660, colour);
    }
}

/// A lit candle.
pub(super) fn candle(scene: &mut Scene, x: i32, top: i32, half: i32, bottom: i32, colour: Colour) {
    let (wax, pool) = (scene.round(colour), scene.down(&[(0, dark(colour, 12)), (100, light(colour, 45))]));
    let halo = scene.glow(&[(0, 0xFF_D6_7A, 70), (45, 0xFF_C8_5E, 24), (100, 0xFF_C8_5E, 0)]);
    let flame = scene.down(&[(0, 0xFF_F6_CE), (45, 0xFF_CF_57), (100, 0xF0_86_2E)]);
    let (left, ry) = (x - half, half / 5);
    scene.draw(&format!(
        r#"<path d="M{left} {top}v{}q{half} {} {} 0V{top}z" fill="{wax}"/><ellipse cx="{x}" cy="{top}" rx="{half}" ry="{ry}" fill="{}"/>
<ellipse cx="{x}" cy="{}" rx="{}" ry="{}" fill="{pool}"/><path d="M{x} {top}v-26" stroke="{}" stroke-width="5" stroke-linecap="round"/>
<circle cx="{x}" cy="{}" r="128" fill="{halo}"/><path d="M{x} {}c30 44 26 62 26 70a26 26 0 0 1 -52 0c0 -8 -4 -26 26 -70z" fill="{flame}"/>"#,
        bottom - top,
        ry * 2,
        half * 2,
        hex(light(colour, 45)),
        top + 2,
        half - 9,
        ry - 3,
        hex(CHARCOAL),
        top - 52,
        top - 108,
    ));
}

/// A cotton apron on its hook.
pub(super) fn cotton_apron(scene: &mut Scene) {
    let (cloth, pocket, strap) = (scene.face(MOSS), scene.face(dark(MOSS, 8)), hex(dark(CLAY, 6)));
    let outline = "M312 268q88 26 176 0q4 92 84 130l14 298q-186 34 -372 0l14 -298q80 -38 84 -130z";
    let folds = [light(MOSS, 22), dark(MOSS, 20)].map(hex);
    scene.draw(&format!(
        r##"<circle cx="400" cy="118" r="17" fill="{}"/><path d="{outline}" fill="#1b1820" opacity=".14" transform="translate(18 14)"/>
<path d="M322 276C330 170 380 128 400 124C420 128 470 170 478 276" fill="none" stroke="{strap}" stroke-width="13"/><path d="{outline}" fill="{cloth}"/>"##,
        hex(OAK)
    ));
    let stripes = repeat(4, |n| {
        format!(
            r#"<path d="M200 {y}q200 34 400 0" fill="none" stroke="{}" stroke-width="5" opacity=".75"/>"#,
            hex(SAND),
            y = 610 + n * 17
        )
    });
    scene.inside(
        &format!(r#"<path d="{outline}"/>"#),
        &format!(
            r#"<path d="M300 400q-24 150 -14 320" fill="none" stroke="{}" stroke-width="20" opacity=".35"/><path d="M520 396q26 150 12 330" fill="none" stroke="{}" stroke-width="26" opacity=".3"/>{stripes}"#,
            folds[0], folds[1]
        ),
    );
    scene.draw(&format!(
        r#"<path d="M312 452q88 14 176 0v104q0 14 -14 15q-74 8 -148 0q-14 -1 -14 -15z" fill="{pocket}"/><path d="M316 468q84 12 168 0M400 462v112" fill="none" stroke="{}" stroke-width="2.5" stroke-dasharray="7 6"/>
<path d="M228 404q-60 30 -92 104M572 404q60 30 92 104" fill="none" stroke="{strap}" stroke-width="11" stroke-linecap="round"/><path d="M430 456l-6 -62 14 -26 10 28 -4 60z" fill="{}"/>"#,
        hex(SAND),
        hex(light(OAK, 10)),
    ));
}
